// All services of a gateway, as one handler of requests. Connect, gRPC-web and gRPC are told apart by their content types.

import type { DescService } from "@bufbuild/protobuf"
import { type ConnectRouter, createContextValues, type Interceptor } from "@connectrpc/connect"
import { connectNodeAdapter } from "@connectrpc/connect-node"
import { StoreError } from "../castore/error.ts"
import { connectErrorOf } from "../castore/rpc-error.ts"
import { BuildService as SnixBuildService } from "../proto/gen/build_pb.ts"
import { BlobService, DirectoryService } from "../proto/gen/castore_pb.ts"
import { BuildService } from "../proto/gen/gateway_build_pb.ts"
import { StoreService } from "../proto/gen/gateway_pb.ts"
import { Health } from "../proto/gen/health_pb.ts"
import { ServerReflection } from "../proto/gen/reflection_v1_pb.ts"
import { ServerReflection as ServerReflectionAlpha } from "../proto/gen/reflection_v1alpha_pb.ts"
import { PathInfoService } from "../proto/gen/store_pb.ts"
import { BuildService as TvixBuildService } from "../proto/gen/tvix_build_pb.ts"
import { BlobService as TvixBlobService, DirectoryService as TvixDirectoryService } from "../proto/gen/tvix_castore_pb.ts"
import { PathInfoService as TvixPathInfoService } from "../proto/gen/tvix_store_pb.ts"
import { type Account, accountKey } from "./account.ts"
import { blobService } from "./blob-service.ts"
import type { BuildCount } from "./build/build-queue.ts"
import { buildService, snixBuildService, tvixBuildService } from "./build/build-service.ts"
import type { Builds } from "./build/builds.ts"
import { directoryService } from "./directory-service.ts"
import { healthService } from "./health-service.ts"
import { isLostConnection, type Request, type Response } from "./http-answer.ts"
import { pathInfoService } from "./path-info-service.ts"
import { Reflection } from "./reflection-service.ts"
import { type StoreServiceOptions, storeService } from "./store-service.ts"

export interface RpcOptions extends Omit<StoreServiceOptions, "checkWritable" | "countBuilds"> {
  /** Without it nothing is built here. */
  readonly builds: Builds | undefined
  /** Ends calls that would go on for ever. */
  readonly shutdown: AbortSignal
  /** Told of faults that are ours. */
  readonly onFault: (error: unknown) => void
}

const storeServices = [
  BlobService,
  DirectoryService,
  PathInfoService,
  TvixBlobService,
  TvixDirectoryService,
  TvixPathInfoService,
  StoreService,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
]

const buildServices = [BuildService, SnixBuildService, TvixBuildService]

/** The paths of all methods, and what answers them. */
export interface RpcHandler {
  readonly paths: ReadonlySet<string>
  handle(request: Request, response: Response, account: Account): void
}

export function rpcHandler(options: RpcOptions): RpcHandler {
  const services: readonly DescService[] = options.builds === undefined ? storeServices : [...storeServices, ...buildServices]
  const paths = new Set(services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`)))
  const accounts = new WeakMap<object, Account>()
  const handler = connectNodeAdapter({
    routes: (router) => addRoutes(router, options, services),
    interceptors: [faults(options.onFault)],
    // An answer or a part has something around it; single pieces of streams are never larger.
    readMaxBytes: options.limits.messageBytes + 65_536,
    shutdownSignal: options.shutdown,
    contextValues: (request) => createContextValues().set(accountKey, accounts.get(request)!), // set by handle()
  })
  const handle = (request: Request, response: Response, account: Account): void => {
    accounts.set(request, account)
    handler(request, response)
  }
  return { paths, handle }
}

function addRoutes(router: ConnectRouter, options: RpcOptions, services: readonly DescService[]): void {
  const { stores, limits, writable, builds } = options
  const checkWritable = (): void => {
    if (!writable) throw new StoreError("read-only", "nothing can be written here")
  }
  const countBuilds = (account: Account): BuildCount => builds?.countOf(account) ?? { running: 0, waiting: 0 }
  const blobs = blobService(stores.blobs, limits, checkWritable)
  const directories = directoryService(stores.directories, limits, checkWritable)
  const infos = pathInfoService(stores, checkWritable)
  const reflection = new Reflection(services)
  router.service(BlobService, blobs)
  router.service(DirectoryService, directories)
  router.service(PathInfoService, infos)
  router.service(TvixBlobService, blobs)
  router.service(TvixDirectoryService, directories)
  router.service(TvixPathInfoService, infos)
  router.service(StoreService, storeService({ ...options, checkWritable, countBuilds }))
  router.service(Health, healthService(new Set(services.map(({ typeName }) => typeName))))
  if (builds !== undefined) {
    router.service(BuildService, buildService(builds))
    router.service(SnixBuildService, snixBuildService(builds))
    router.service(TvixBuildService, tvixBuildService(builds))
  }
  router.service(ServerReflection, { serverReflectionInfo: (requests) => reflection.info(requests) })
  router.service(ServerReflectionAlpha, { serverReflectionInfo: (requests) => reflection.alphaInfo(requests) })
}

/** Turns faults of stores into statuses. */
function faults(onFault: (error: unknown) => void): Interceptor {
  const translated = (error: unknown): Error => {
    const fault = connectErrorOf(error)
    const { cause } = fault
    if (cause !== undefined && !(cause instanceof StoreError) && !isLostConnection(cause)) onFault(cause)
    return fault
  }
  async function* guarded<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* messages
    } catch (error) {
      throw translated(error)
    }
  }
  return (next) => async (request) => {
    try {
      const response = await next(request)
      return response.stream ? { ...response, message: guarded(response.message) } : response
    } catch (error) {
      throw translated(error)
    }
  }
}
