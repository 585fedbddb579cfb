"""The LangGraph server's protocol, seen by the unmodified client `langgraph-sdk`."""
