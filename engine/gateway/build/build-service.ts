// The services of builds: thunkpad.gateway.v1.BuildService, and over the same builds those of Snix and Tvix, which have one
// answer and no events.

import { create } from "@bufbuild/protobuf"
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect"
import { StoreError } from "../../castore/error.ts"
import type { BuildRequest, BuildService as SnixBuildService } from "../../proto/gen/build_pb.ts"
import {
  type BuildCall,
  type BuildEvent,
  type BuildEvent_Done,
  type BuildService,
  JobSchema,
  ListBuildsResponse_State as State,
} from "../../proto/gen/gateway_build_pb.ts"
import type { BuildService as TvixBuildService } from "../../proto/gen/tvix_build_pb.ts"
import { type Account, accountKey } from "../account.ts"
import type { Build, BuildState } from "./build.ts"
import type { Builds } from "./builds.ts"

const states: Readonly<Record<BuildState, State>> = {
  waiting: State.WAITING,
  running: State.RUNNING,
  done: State.DONE,
  failed: State.FAILED,
}

/** Builds that List tells of, at most. */
const longestList = 1000

export function buildService(builds: Builds): ServiceImpl<typeof BuildService> {
  return {
    describeBuilds: () => ({
      executors: builds.describe().map(({ executor: { name, systems, features, jobs, wantsPaths = false }, unavailable }) => ({
        name,
        systems: [...systems],
        features: [...features],
        jobs,
        unavailable,
        wantsPaths,
      })),
    }),

    async *build(call, { signal, values }) {
      const build = await find(builds, call, values.get(accountKey))
      if (build.ended && call.fromEvent > BigInt(build.events)) {
        throw new StoreError("invalid", `the build has ${build.events} events, none with the number ${call.fromEvent}`)
      }
      yield* build.watch(Number(call.fromEvent), signal)
    },

    cancel(request, { values }) {
      const build = builds.get(request.build)
      // Others may watch it, and leave.
      if (build.account !== undefined && build.account !== values.get(accountKey))
        throw new StoreError("denied", `the build '${build.id}' is another's`)
      build.cancel()
      return {}
    },

    list(request) {
      const limit = Math.min(request.limit || longestList, longestList)
      return {
        builds: builds
          .list()
          .slice(0, limit)
          .map((build) => ({
            build: build.id,
            derivationPath: build.derivationPath,
            state: states[build.state],
            accepted: BigInt(build.accepted),
            events: BigInt(build.events),
          })),
      }
    },
  }
}

async function find(builds: Builds, { what, again }: BuildCall, account: Account): Promise<Build> {
  switch (what.case) {
    case "job":
      return builds.submit(what.value, again, account)
    case "build":
      return builds.get(what.value)
    default:
      throw new StoreError("invalid", "the call names no build")
  }
}

/** Builds a request to its end. */
async function buildOnce(builds: Builds, request: BuildRequest, { signal, values }: HandlerContext): Promise<BuildEvent_Done> {
  const build = await builds.submit(create(JobSchema, { request }), false, values.get(accountKey))
  let last: BuildEvent | undefined
  // What the builder wrote last tells most.
  let tail = ""
  for await (const event of build.watch(0, signal)) {
    last = event
    if (event.event.case === "log") tail = (tail + Buffer.from(event.event.value.data).toString("utf8")).slice(-4000)
  }
  if (last?.event.case === "done") return last.event.value
  if (last?.event.case === "failed") throw new ConnectError(`${last.event.value.message}\n${tail}`.trim(), Code.Aborted)
  throw new ConnectError("the call was cancelled", Code.Canceled)
}

export function snixBuildService(builds: Builds): ServiceImpl<typeof SnixBuildService> {
  return {
    async doBuild(request, context) {
      const { outputs } = await buildOnce(builds, request, context)
      return { outputs: outputs.map(({ entry, needles }) => ({ ...(entry === undefined ? {} : { output: entry }), needles })) }
    },
  }
}

export function tvixBuildService(builds: Builds): ServiceImpl<typeof TvixBuildService> {
  return {
    async doBuild(request, context) {
      const { outputs } = await buildOnce(builds, request, context)
      return {
        buildRequest: request,
        outputs: outputs.flatMap(({ entry, path }) => (entry === undefined ? [] : [named(entry, path)])),
        outputsNeedles: outputs.map(({ needles }) => ({ needles })),
      }
    },
  }
}

type Entry = NonNullable<BuildEvent_Done["outputs"][number]["entry"]>

/** The entry with the base name of a path. */
function named(entry: Entry, path: string): Entry {
  const name = new Uint8Array(Buffer.from(path.slice(path.lastIndexOf("/") + 1), "utf8"))
  if (entry.entry.value === undefined) return entry
  return { ...entry, entry: { ...entry.entry, value: { ...entry.entry.value, name } } as Entry["entry"] } // the same case
}
