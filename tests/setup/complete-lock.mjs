// Adds to package-lock.json the optional platform packages that npm left out (why: lock.mjs). Run by `npm run lock`.
import { readFileSync, writeFileSync } from "node:fs"
import { missingOptional, platformEntry } from "./lock.mjs"

const file = new URL("../../package-lock.json", import.meta.url)
const lock = JSON.parse(readFileSync(file, "utf8"))
const missing = missingOptional(lock)
for (const wanted of missing) lock.packages[`node_modules/${wanted.name}`] = platformEntry(wanted)
// npm sorts by the locale's order; so do we, to keep the next `npm install` from reordering the file.
const places = Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, "en"))
lock.packages = Object.fromEntries(places.map((place) => [place, lock.packages[place]]))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`package-lock.json: ${missing.length} platform packages added`)
