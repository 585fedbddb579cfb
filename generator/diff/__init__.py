"""What a change of specs changes in the clusters: two rendered trees -> objects and fields that differ, with risks
marked.

sides.py     where the two trees come from: a commit, the working tree
compare.py   trees -> changed objects           fields.py   two objects -> changed fields
risks/       one file a risk                    reports/    text, Markdown, JSON, SARIF
"""
