#!/usr/bin/env python3
# call.py NAME URL: print the "account" that the API answers with.
import json, subprocess, sys

name, url = sys.argv[1:3]
reply = subprocess.run(["larder", "request", name, url], stdout=subprocess.PIPE, check=True)
print(json.loads(reply.stdout)["account"])
