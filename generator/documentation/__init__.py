"""What the models say of themselves: fields, JSON Schemas, reference pages."""
