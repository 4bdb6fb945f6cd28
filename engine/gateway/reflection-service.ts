// grpc.reflection: what is served, for tools such as grpcurl. Versions v1 and v1alpha are the same but for their names.

import { type DescFile, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt"
import { Code } from "@connectrpc/connect"
import type { ServerReflectionRequest, ServerReflectionResponseSchema } from "../proto/gen/reflection_v1_pb.ts"
import type {
  ServerReflectionRequest as ServerReflectionRequestAlpha,
  ServerReflectionResponseSchema as ServerReflectionResponseSchemaAlpha,
} from "../proto/gen/reflection_v1alpha_pb.ts"

/** What both versions have in common. */
type Question =
  | { readonly case: "listServices" | "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType"; readonly value: string }
  | { readonly case: "fileContainingExtension"; readonly value: object }
  | { readonly case: undefined }

type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array<ArrayBuffer>[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } }

/** Answers questions about `services`. */
export class Reflection {
  readonly #services: readonly DescService[]
  readonly #files = new Map<string, DescFile>()
  /** Which file a full name is declared in. */
  readonly #symbols = new Map<string, DescFile>()

  constructor(services: readonly DescService[]) {
    this.#services = services
    for (const service of services) this.#add(service.file)
  }

  #add(file: DescFile): void {
    const name = `${file.name}.proto`
    if (this.#files.has(name)) return
    this.#files.set(name, file)
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file)
      for (const method of service.methods) this.#symbols.set(`${service.typeName}.${method.name}`, file)
    }
    const messages = [...file.messages]
    for (let message = messages.pop(); message !== undefined; message = messages.pop()) {
      this.#symbols.set(message.typeName, file)
      for (const nested of message.nestedEnums) this.#symbols.set(nested.typeName, file)
      messages.push(...message.nestedMessages)
    }
    for (const enumeration of file.enums) this.#symbols.set(enumeration.typeName, file)
    for (const dependency of file.dependencies) this.#add(dependency)
  }

  #describe(file: DescFile | undefined, what: string): Answer {
    if (file === undefined) return fault(Code.NotFound, `not found: ${what}`)
    // With all that it imports, so that nobody has to ask again.
    const files = new Set<DescFile>()
    const waiting = [file]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (files.has(next)) continue
      files.add(next)
      waiting.push(...next.dependencies)
    }
    const fileDescriptorProto = [...files].map((each) => toBinary(FileDescriptorProtoSchema, each.proto))
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } }
  }

  #answer({ messageRequest }: { readonly messageRequest: Question }): Answer {
    switch (messageRequest.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: this.#services.map(({ typeName }) => ({ name: typeName })) } }
      case "fileByFilename":
        return this.#describe(this.#files.get(messageRequest.value), messageRequest.value)
      case "fileContainingSymbol":
        return this.#describe(this.#symbols.get(messageRequest.value), messageRequest.value)
      case "allExtensionNumbersOfType":
        return { case: "allExtensionNumbersResponse", value: { baseTypeName: messageRequest.value, extensionNumber: [] } }
      case "fileContainingExtension":
        return fault(Code.NotFound, "there are no extensions")
      default:
        return fault(Code.InvalidArgument, "the request asks nothing")
    }
  }

  /** The method ServerReflectionInfo of version v1. */
  async *info(requests: AsyncIterable<ServerReflectionRequest>): AsyncGenerator<MessageInitShape<typeof ServerReflectionResponseSchema>> {
    for await (const request of requests) {
      yield { validHost: request.host, originalRequest: request, messageResponse: this.#answer(request) }
    }
  }

  /** The method ServerReflectionInfo of version v1alpha. */
  async *alphaInfo(
    requests: AsyncIterable<ServerReflectionRequestAlpha>,
  ): AsyncGenerator<MessageInitShape<typeof ServerReflectionResponseSchemaAlpha>> {
    for await (const request of requests) {
      yield { validHost: request.host, originalRequest: request, messageResponse: this.#answer(request) }
    }
  }
}

function fault(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } }
}
