// TOML values while tables can still grow, and the rules of what may be added to what.
// Source of the rules and texts: toml11 4.4, parser.hpp insert_value; they are those of TOML 1.0.
import { TomlFault, type TomlRegion } from "./toml-fault.ts"

/** How a table came about, which decides who may add to it. */
export type TableForm = "implicit" | "explicit" | "dotted" | "inline"

export interface TomlTable {
  readonly kind: "table"
  form: TableForm
  readonly entries: Map<string, TomlNode>
  region: TomlRegion
}

export interface TomlArray {
  readonly kind: "array"
  /** "tables": written as `[[name]]`. */
  readonly form: "inline" | "tables"
  readonly items: TomlNode[]
  readonly region: TomlRegion
}

export type TomlScalar =
  | { readonly kind: "int"; readonly value: number | bigint; readonly region: TomlRegion }
  | { readonly kind: "float"; readonly value: number; readonly region: TomlRegion }
  | { readonly kind: "nan"; readonly negative: boolean; readonly region: TomlRegion }
  | { readonly kind: "string"; readonly bytes: string; readonly region: TomlRegion }
  | { readonly kind: "bool"; readonly value: boolean; readonly region: TomlRegion }
  | { readonly kind: "timestamp"; readonly text: string; readonly region: TomlRegion }

export type TomlNode = TomlTable | TomlArray | TomlScalar

/** A key with dots, taken apart. */
export interface TomlKey {
  readonly parts: readonly string[]
  readonly region: TomlRegion
}

/** A table without entries. */
export function emptyTable(form: TableForm, region: TomlRegion): TomlTable {
  return { kind: "table", form, entries: new Map(), region }
}

function conflict(title: string, key: TomlKey, keyNote: string, other: TomlRegion, otherNote: string): TomlFault {
  return new TomlFault(title, [
    { region: key.region, note: keyNote },
    { region: other, note: otherNote },
  ])
}

const isTables = (node: TomlNode): node is TomlArray =>
  node.kind === "array" && node.items.length > 0 && node.items.every((item) => item.kind === "table")

/** The table that all but the last part of `key` lead to, made where it is not there yet. Throws TomlFault. */
function descend(from: TomlTable, key: TomlKey, dotted: boolean): TomlTable {
  let table = from
  for (const part of key.parts.slice(0, -1)) {
    const found = table.entries.get(part)
    if (found === undefined) {
      const made = emptyTable(dotted ? "dotted" : "implicit", key.region)
      table.entries.set(part, made)
      table = made
    } else if (found.kind === "table") {
      if (found.form === "inline") {
        const title = "toml::insert_value: failed to insert a value: inline table is immutable"
        throw conflict(title, key, "inserting this", found.region, "to this table")
      }
      if (dotted && found.form !== "dotted") {
        const title = "toml::insert_value: reopening a table using dotted keys"
        throw conflict(title, key, "dotted key cannot reopen a table", found.region, "this table is already closed")
      }
      table = found
    } else if (isTables(found)) {
      if (found.form === "inline") {
        const title = "toml::insert_value:inline array of tables are immutable"
        throw conflict(title, key, "inserting this", found.region, "inline array of tables")
      }
      if (dotted) {
        const title = "toml::insert_value:dotted key cannot reopen an array-of-tables"
        throw conflict(title, key, "inserting this", found.region, "to this array-of-tables.")
      }
      // All items of `[[name]]` are tables, and there is one.
      table = found.items[found.items.length - 1] as TomlTable
    } else {
      const title = "toml::insert_value: failed to insert a value, value already exists"
      throw conflict(title, key, "while inserting this", found.region, "non-table value already exists")
    }
  }
  return table
}

const lastPart = (key: TomlKey): string => key.parts[key.parts.length - 1] ?? ""

/** `a.b.c = value` in `table`. Throws TomlFault. */
export function insertValue(table: TomlTable, key: TomlKey, value: TomlNode): void {
  const target = descend(table, key, true)
  const found = target.entries.get(lastPart(key))
  if (found !== undefined) {
    const title = "toml::insert_value: failed to insert a value, value already exists"
    throw conflict(title, key, "inserting this", found.region, "but value already exists")
  }
  target.entries.set(lastPart(key), value)
}

/** `[a.b.c]`: the table to fill. Throws TomlFault. */
export function openTable(root: TomlTable, key: TomlKey): TomlTable {
  const target = descend(root, key, false)
  const found = target.entries.get(lastPart(key))
  if (found === undefined) {
    const made = emptyTable("explicit", key.region)
    target.entries.set(lastPart(key), made)
    return made
  }
  if (found.kind !== "table" || found.form !== "implicit") {
    const title = "toml::insert_value: failed to insert a table, table already defined"
    throw conflict(title, key, "inserting this", found.region, "this table is explicitly defined")
  }
  found.form = "explicit"
  found.region = key.region
  return found
}

/** `[[a.b.c]]`: the new table to fill. Throws TomlFault. */
export function appendTable(root: TomlTable, key: TomlKey): TomlTable {
  const target = descend(root, key, false)
  const found = target.entries.get(lastPart(key))
  const made = emptyTable("explicit", key.region)
  if (found === undefined) {
    target.entries.set(lastPart(key), { kind: "array", form: "tables", items: [made], region: key.region })
    return made
  }
  if (!isTables(found)) {
    const title = "toml::insert_value: failed to insert an array of tables, value already exists"
    throw conflict(title, key, "while inserting this", found.region, "non-table value already exists")
  }
  if (found.form === "inline") {
    const title = "toml::insert_value: failed to insert a table, inline array of tables is immutable"
    throw conflict(title, key, "while inserting this", found.region, "this is inline array-of-tables")
  }
  found.items.push(made)
  return made
}
