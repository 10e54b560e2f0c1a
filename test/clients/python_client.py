"""What Python programs do with requests, as in the documentation. Prints one JSON line per call."""

import json
import os
import sys
import tempfile

import requests
from requests_toolbelt import MultipartEncoder

api = sys.argv[1]

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "input.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("content of the file")

    body = MultipartEncoder(
        fields={"string": "a string", "int": "1", "files": ("file", open(path, "rb"), "text/plain")}
    )
    answer = requests.post(
        f"{api}/executions/company.team/typed?wait=true",
        data=body,
        headers={"Content-Type": body.content_type},
        timeout=60,
    )
    answer.raise_for_status()
    print(json.dumps(answer.json()["outputs"]))

    answer = requests.post(
        f"{api}/executions/company.team/typed?wait=true",
        data={"string": "a string", "int": 2},
        files={"files": ("file", open(path, "rb"), "text/plain")},
        timeout=60,
    )
    answer.raise_for_status()
    print(json.dumps(answer.json()["outputs"]))

answer = requests.post(f"{api}/executions/company.team/greet", files={"greeting": (None, "hey there")}, timeout=60)
answer.raise_for_status()
print(json.dumps(answer.json()["inputs"]))

answer = requests.put(f"{api}/namespaces/company.team/kv/from_python", json={"a": [1, True]}, timeout=60)
answer.raise_for_status()
print(json.dumps(requests.get(f"{api}/namespaces/company.team/kv/from_python", timeout=60).json()))
