// The generated messages are what `npm run proto` writes, and the field numbers are those of the services we speak to.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { DescFile, DescMessage, DescService } from "@bufbuild/protobuf"
import { afterAll, expect, test } from "vitest"
import { file_build } from "../../engine/proto/gen/build_pb.ts"
import { file_castore } from "../../engine/proto/gen/castore_pb.ts"
import { file_store } from "../../engine/proto/gen/store_pb.ts"
import { file_tvix_build } from "../../engine/proto/gen/tvix_build_pb.ts"
import { file_tvix_castore } from "../../engine/proto/gen/tvix_castore_pb.ts"
import { file_tvix_store } from "../../engine/proto/gen/tvix_store_pb.ts"
import { describeShared } from "../shared.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const out = mkdtempSync(join(tmpdir(), "thunkpad-proto-"))
afterAll(() => rmSync(out, { recursive: true }))

test("generating the messages again changes nothing", () => {
  const buf = join(root, "node_modules/.bin/buf")
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`
  execFileSync(buf, ["generate", "engine/proto", "--template", "engine/proto/buf.gen.yaml", "--output", out], {
    cwd: root,
    env: { ...process.env, PATH: path },
  })
  const [fresh, committed] = [join(out, "engine/proto/gen"), join(root, "engine/proto/gen")]
  expect(readdirSync(fresh)).toEqual(readdirSync(committed))
  for (const name of readdirSync(fresh)) expect(readFileSync(join(fresh, name), "utf8")).toBe(readFileSync(join(committed, name), "utf8"))
})

/** A message as `wire-fields.txt` writes it. */
function describeMessage(message: DescMessage): string {
  const fields = message.fields.map((field) => {
    const type = field.message?.typeName ?? field.enum?.typeName ?? scalarNames[field.scalar ?? 0]
    const many = field.fieldKind === "list" ? "repeated " : ""
    const oneof = field.oneof === undefined ? "" : ` [oneof ${field.oneof.name}]`
    return `${field.number} ${field.name} ${many}${type}${oneof}`
  })
  return `message ${message.typeName}: ${fields.join("; ")}`
}

// Of google.protobuf.FieldDescriptorProto.Type.
const scalarNames: Record<number, string> = { 4: "uint64", 8: "bool", 9: "string", 12: "bytes" }

function describeService(service: DescService): string {
  const methods = service.methods.map((method) => {
    const [reads, writes] = [/^(?:client|bidi)_/.test(method.methodKind), /^(?:server|bidi)_/.test(method.methodKind)]
    const type = (message: DescMessage, stream: boolean) => `${stream ? "stream " : ""}${message.name}`
    return `${method.name}(${type(method.input, reads)}) -> ${type(method.output, writes)}`
  })
  return `service ${service.typeName}: ${methods.join("; ")}`
}

function describeFile(file: DescFile): string[] {
  const withNested = (message: DescMessage): DescMessage[] => [message, ...message.nestedMessages.flatMap(withNested)]
  return [...file.services.map(describeService), ...file.messages.flatMap(withNested).map(describeMessage)]
}

describeShared("beside the specification", "spec/wire-fields.txt", (list) => {
  const specified = readFileSync(list, "utf8").trim().split("\n")

  test.each([
    ["snix.castore.v1.", file_castore],
    ["snix.build.v1.", file_build],
  ])("%s has the fields and methods of the specification", (prefix, file) => {
    const wanted = specified.filter((line) => line.split(" ")[1]!.startsWith(prefix))
    expect(wanted.length).toBeGreaterThan(3)
    expect(describeFile(file).sort()).toEqual(wanted.sort())
  })
})

test("path infos have the numbers that Snix gave them", () => {
  const numbers = Object.fromEntries(
    describeFile(file_store)
      .filter((line) => line.startsWith("message"))
      .map((line) => line.split(": ") as [string, string]),
  )
  expect(numbers["message snix.store.v1.PathInfo"]).toBe(
    "1 entry snix.castore.v1.Entry; 2 references repeated bytes; 3 narinfo snix.store.v1.NARInfo",
  )
  expect(numbers["message snix.store.v1.StorePath"]).toBe("1 name string; 2 digest bytes")
  expect(numbers["message snix.store.v1.NARInfo"]).toBe(
    "1 nar_size uint64; 2 nar_sha256 bytes; 3 signatures repeated snix.store.v1.NARInfo.Signature; 4 reference_names repeated string; " +
      "5 deriver snix.store.v1.StorePath; 6 ca snix.store.v1.NARInfo.CA",
  )
  expect(numbers["message snix.store.v1.NARInfo.CA"]).toBe("1 type snix.store.v1.NARInfo.CA.Hash; 2 digest bytes")
  expect(numbers["message snix.store.v1.NARInfo.Signature"]).toBe("1 name string; 2 data bytes")
})

test("the services of Tvix differ from those of Snix in their names alone", () => {
  const plain = (file: DescFile): string[] => file.services.map((service) => describeService(service).replace(/\b(?:tvix|snix)\./g, ""))
  expect(plain(file_tvix_castore)).toEqual(plain(file_castore))
  expect(plain(file_tvix_store)).toEqual(plain(file_store))
  // But for the answer to a build.
  expect(plain(file_tvix_build)).toEqual(["service build.v1.BuildService: DoBuild(BuildRequest) -> Build"])
})
