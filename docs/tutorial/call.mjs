#!/usr/bin/env node
// call.mjs NAME URL: print the "account" that the API answers with.
import { execFileSync } from "node:child_process";

const [name, url] = process.argv.slice(2);
const reply = execFileSync("larder", ["request", name, url]);
console.log(JSON.parse(reply).account);
