// The state of the build pane: where is built, what was asked for, what is planned, running, done and failed, and the logs.

import { createStore } from "zustand/vanilla"
import type {
  BuildNews,
  BuildPlanView,
  BuildSettings,
  EndpointReport,
  EndpointSettings,
  EngineBuilds,
  ListedBuild,
} from "../../engine/worker/client.ts"
import { forgetJob, forgetRows, noteJob, noteRows, readJournal, rowsToShow } from "./build-journal.ts"
import { type BuildRow, type BuildRows, drvName, plannedRoots, reachable, unplanned, withNews, withoutEnd } from "./build-row.ts"
import { type ChoiceStorage, type EndpointChoice, type GatewayNotice, readChoice, writeChoice } from "./endpoint-choice.ts"
import { withTime } from "./estimate.ts"
import { LogText } from "./log-text.ts"

/** What the user is asked before something is sent. */
export interface Proposal {
  readonly drvPath: string
  readonly url: string
  /** Null while it is made. */
  readonly plan: BuildPlanView | null
  /** It is built although it was built before, to compare. */
  readonly compare?: boolean
  /** Why there is none. */
  readonly problem: string | null
}

/** A build that was asked for. */
export interface BuildJob {
  readonly id: number
  readonly drvPath: string
  readonly state: "running" | "done" | "failed" | "cancelled"
  readonly text: string
  /** An evaluation asked for it, which may be over. */
  readonly isForEvaluation?: boolean
}

export type Tested =
  | { readonly kind: "asking" }
  | { readonly kind: "report"; readonly report: EndpointReport }
  | { readonly kind: "problem"; readonly message: string }

export interface BuildDeskState {
  readonly choice: EndpointChoice
  /** Undefined until the page's server has answered. */
  readonly gateway: GatewayNotice | undefined
  readonly tested: Tested | null
  readonly proposal: Proposal | null
  readonly jobs: readonly BuildJob[]
  readonly rows: BuildRows
  readonly selected: string | null
  /** Grows with every change of a log. */
  readonly logTurn: number
  readonly warnings: readonly string[]
  /** What the endpoint knows of, whoever asked for it; null until it was asked. */
  readonly known: readonly ListedBuild[] | null
  /** Why it does not tell. */
  readonly knownProblem: string | null
}

interface Given {
  readonly builds: () => EngineBuilds
  readonly storage: ChoiceStorage
  /** What the page's server says of a gateway. */
  readonly gateway: () => Promise<GatewayNotice>
  /** Leads the user to the pane. */
  readonly show: () => void
  /** Binary caches that are asked before anything is built. */
  readonly caches?: () => CacheSettings
}

type CacheSettings = NonNullable<NonNullable<BuildSettings["network"]>["caches"]>

/** How long news are gathered before they are shown. Milliseconds. */
const GATHER = 40

export type BuildDesk = ReturnType<typeof createBuildDesk>

/** Where is built, or null. */
export function endpointOf({ choice, gateway }: Pick<BuildDeskState, "choice" | "gateway">): EndpointSettings | null {
  if (choice.own !== null) return choice.own
  return gateway != null && "url" in gateway ? { url: gateway.url } : null
}

export function createBuildDesk({ builds, storage, gateway, show, caches = () => [] }: Given) {
  const journal = readJournal(storage)
  const store = createStore<BuildDeskState>(() => ({
    choice: readChoice(storage),
    gateway: undefined,
    tested: null,
    proposal: null,
    jobs: [],
    rows: rowsToShow(journal),
    selected: null,
    logTurn: 0,
    warnings: [],
    known: null,
    knownProblem: null,
  }))
  const { getState: get, setState: set } = store
  const logs = new Map<string, LogText>()
  /** Derivations whose logs were asked for. */
  const followed = new Set<string>()
  const stops = new Map<number, AbortController>()
  /** Derivations that are built again to compare. */
  const again = new Set<string>()
  let news: BuildNews[] = []
  let gathering: ReturnType<typeof setTimeout> | undefined
  let lastJob = 0
  let asked: Promise<void> | null = null

  const why = (e: unknown): string => (e instanceof Error ? e.message : String(e))
  const keep = (to: Partial<EndpointChoice>): void => {
    const choice = { ...get().choice, ...to }
    set({ choice })
    writeChoice(storage, choice)
  }

  /** How is built at an endpoint. */
  const settingsFor = (endpoint: EndpointSettings): BuildSettings => {
    const asked = caches()
    return asked.length === 0 ? { endpoint } : { endpoint, network: { caches: asked } }
  }
  const agree = (url: string): void => keep({ allowed: [...get().choice.allowed.filter((other) => other !== url), url] })
  /** What would be built and sent, as far as that is known: `show` gets it, and again when it is. */
  const preview = async (drvPath: string, settings: BuildSettings, show: (proposal: Proposal) => void): Promise<void> => {
    const mine: Proposal = { drvPath, url: settings.endpoint.url, plan: null, problem: null }
    show(mine)
    try {
      show({ ...mine, plan: await builds().plan([{ drvPath }], settings) })
    } catch (e) {
      show({ ...mine, problem: why(e) })
    }
  }

  const take = (): void => {
    gathering = undefined
    const some = news
    news = []
    let logTurn = get().logTurn
    const warnings = [...get().warnings]
    let { times } = get().choice
    for (const one of some) {
      if (one.kind === "log") {
        let log = logs.get(one.drvPath)
        if (log === undefined) {
          log = new LogText()
          logs.set(one.drvPath, log)
        }
        log.add(one.bytes)
        logTurn++
      } else if (one.kind === "anew") {
        logs.get(one.drvPath)?.clear()
        logTurn++
      } else if (one.kind === "warning") warnings.push(one.message)
    }
    const rows = withNews(get().rows, some, again)
    if (some.some(({ kind }) => kind !== "log" && kind !== "progress")) {
      const told = new Set(
        some.flatMap((one) => (one.kind === "planned" ? one.rows.map(({ drvPath }) => drvPath) : "drvPath" in one ? [one.drvPath] : [])),
      )
      noteRows(storage, Object.fromEntries(Object.entries(rows).filter(([drvPath]) => told.has(drvPath))))
    }
    for (const one of some) {
      if (one.kind === "built") times = withTime(times, drvName(one.drvPath), one.took)
    }
    set({ rows, logTurn, warnings: warnings.slice(-20) })
    // Why something failed is wanted at once, not when all the rest is over.
    const failed = some.find((one) => one.kind === "failed" && one.fault.reason !== "dependency" && one.fault.reason !== "cancelled")
    if (get().selected === null && failed?.kind === "failed") set({ selected: failed.drvPath })
    adopt(some, rows)
    if (times !== get().choice.times) keep({ times })
  }

  /**
   * What an evaluation has begun is shown beside what was asked for here and can be stopped like it. When the evaluation is stopped, or
   * the page left, it is taken up as if it had been asked for here. What is over is no longer shown: its line is.
   */
  const adopt = (some: readonly BuildNews[], rows: BuildRows): void => {
    let { jobs } = get()
    const endpoint = endpointOf(get())
    for (const one of some) {
      if (one.kind === "planned" && endpoint !== null) {
        for (const drvPath of plannedRoots(one.rows)) {
          const covered = reachable(
            rows,
            jobs.filter(({ state }) => state === "running").map((job) => job.drvPath),
          )
          if (covered.has(drvPath)) continue
          jobs = [...jobs.filter((job) => job.drvPath !== drvPath), newJob(drvPath, true)]
          noteJob(storage, { drvPath, url: endpoint.url })
        }
      } else if (one.kind === "done" || one.kind === "failed") {
        const over = jobs.find((job) => job.drvPath === one.drvPath && job.isForEvaluation === true)
        if (over === undefined) continue
        jobs = jobs.filter((job) => job !== over)
        forgetJob(storage, one.drvPath)
      }
    }
    if (jobs !== get().jobs) set({ jobs })
    if (endpoint === null || !some.some(({ kind }) => kind === "left")) return
    // The evaluation was stopped, its builds were not.
    for (const { drvPath, isForEvaluation } of jobs) if (isForEvaluation === true) void run(drvPath, endpoint, false)
  }
  const newJob = (drvPath: string, isForEvaluation: boolean): BuildJob => ({
    id: ++lastJob,
    drvPath,
    state: "running",
    text: "",
    isForEvaluation,
  })

  const changeJob = (id: number, to: Partial<BuildJob>): void =>
    set({ jobs: get().jobs.map((job) => (job.id === id ? { ...job, ...to } : job)) })

  const run = async (drvPath: string, endpoint: EndpointSettings, compare: boolean): Promise<void> => {
    const job = newJob(drvPath, false)
    const { id } = job
    noteJob(storage, { drvPath, url: endpoint.url })
    const control = new AbortController()
    stops.set(id, control)
    const stays = (other: BuildJob): boolean => other.drvPath !== drvPath || (other.state === "running" && other.isForEvaluation !== true)
    set({ jobs: [...get().jobs.filter(stays), job], proposal: null })
    if (compare) again.add(drvPath)
    try {
      const wishes = { signal: control.signal, keepGoing: true, ...(compare ? { again: [drvPath] } : {}) }
      const { failures } = await builds().build([{ drvPath }], settingsFor(endpoint), wishes)
      const failed = Object.keys(failures).length
      const text = failed === 0 ? "" : `${failed === 1 ? "1 derivation was" : `${failed} derivations were`} not built`
      changeJob(id, { state: failed === 0 ? "done" : "failed", text })
      const first = Object.entries(failures).find(([, { reason }]) => reason !== "dependency")
      if (first !== undefined) set({ selected: first[0] })
    } catch (e) {
      changeJob(id, control.signal.aborted ? { state: "cancelled", text: "stopped" } : { state: "failed", text: why(e) })
    } finally {
      stops.delete(id)
      // What was said of it comes before the end of it.
      if (gathering !== undefined) {
        clearTimeout(gathering)
        take()
      }
      again.delete(drvPath)
      forgetJob(storage, drvPath)
    }
  }

  /** Takes up what was under way when the page was left, where the user has agreed to build there. */
  const resume = async (): Promise<void> => {
    if (journal.jobs.length === 0) return
    await find()
    const endpoint = endpointOf(get())
    const mine = journal.jobs.filter(({ url }) => url === endpoint?.url && get().choice.allowed.includes(url))
    await Promise.all(mine.map(({ drvPath }) => run(drvPath, endpoint!, false))) // an endpoint has its address
    for (const { drvPath } of journal.jobs) forgetJob(storage, drvPath)
    // What is in no build any more has no end that could come.
    const rows = withoutEnd(get().rows, Date.now())
    if (get().jobs.every(({ state }) => state !== "running")) set({ rows })
  }

  /** Asks the endpoint what it knows of. */
  const look = async (): Promise<void> => {
    await find()
    const endpoint = endpointOf(get())
    if (endpoint === null) return
    try {
      set({ known: await builds().list(endpoint), knownProblem: null })
    } catch (e) {
      set({ known: [], knownProblem: why(e) })
    }
  }

  /** Shows a build that the endpoint knows of. */
  const follow = async (build: ListedBuild): Promise<void> => {
    const endpoint = endpointOf(get())
    if (endpoint === null) return
    const drvPath = `/nix/store/${build.derivationPath}`
    const { rows } = get()
    if (rows[drvPath] === undefined) set({ rows: { ...rows, [drvPath]: rowOfKnown(drvPath, build) } })
    set({ selected: drvPath })
    followed.add(drvPath)
    try {
      await builds().follow(build, endpoint)
    } catch (e) {
      followed.delete(drvPath)
      set({ warnings: [...get().warnings, `The log of ${drvName(drvPath)} cannot be read: ${why(e)}`].slice(-20) })
    }
  }

  /** Brings the log of a build that was in another visit, if the endpoint still has it. */
  const fetchLog = async (drvPath: string): Promise<void> => {
    const row = get().rows[drvPath]
    if (row === undefined || row.action !== "build" || logs.has(drvPath) || followed.has(drvPath)) return
    if (row.stage !== "done" && row.stage !== "failed") return
    followed.add(drvPath)
    await look()
    const build = get().known?.filter(({ derivationPath }) => drvPath.endsWith(`/${derivationPath}`))
    const last = build?.reduce<ListedBuild | undefined>((a, b) => (a === undefined || b.accepted > a.accepted ? b : a), undefined)
    if (last !== undefined) await follow(last)
  }

  /** Asks the page's server, once. */
  const find = (): Promise<void> => {
    asked ??= gateway().then((told) => set({ gateway: told }))
    return asked
  }

  const test = async (endpoint: EndpointSettings): Promise<void> => {
    set({ tested: { kind: "asking" } })
    try {
      set({ tested: { kind: "report", report: await builds().test(endpoint) } })
    } catch (e) {
      set({ tested: { kind: "problem", message: why(e) } })
    }
  }

  /** Stops the build of one derivation. */
  const cancel = async (drvPath: string): Promise<void> => {
    try {
      await builds().cancel(drvPath)
    } catch (e) {
      set({ warnings: [...get().warnings, `${drvName(drvPath)} could not be stopped: ${why(e)}`] })
    }
  }

  return {
    store,
    find,
    test,
    preview,
    resume,
    look,
    follow,
    /** The user lets things be sent to an endpoint. */
    agree,
    /** How is built, by the user's choice; null without an endpoint. */
    settings(): BuildSettings | null {
      const endpoint = endpointOf(get())
      return endpoint === null ? null : settingsFor(endpoint)
    },
    /** The same if something was sent there with the user's consent before; else null. */
    agreed(): BuildSettings | null {
      const endpoint = endpointOf(get())
      return endpoint !== null && get().choice.allowed.includes(endpoint.url) ? settingsFor(endpoint) : null
    },
    /** Takes what the engine tells of builds. */
    hear(one: BuildNews): void {
      news.push(one)
      gathering ??= setTimeout(take, GATHER)
    },
    /** The log of a derivation's build; undefined before its first line. */
    log: (drvPath: string): LogText | undefined => logs.get(drvPath),
    select(drvPath: string | null): void {
      set({ selected: drvPath })
      if (drvPath !== null) void fetchLog(drvPath)
    },
    /** Chooses an endpoint; null for the one beside the app. */
    choose(own: EndpointSettings | null): void {
      keep({ own })
      set({ tested: null, proposal: null })
    },
    /** Builds a derivation; before anything is sent to an endpoint for the first time, the user is shown what, and asked. */
    async propose(drvPath: string, { compare = false }: { readonly compare?: boolean } = {}): Promise<void> {
      show()
      await find()
      const endpoint = endpointOf(get())
      if (endpoint === null) {
        set({ proposal: { drvPath, url: "", plan: null, problem: "There is no endpoint that could build it." } })
        return
      }
      const { url } = endpoint
      if (get().choice.allowed.includes(url)) return run(drvPath, endpoint, compare)
      let last: Proposal | null = null
      await preview(drvPath, settingsFor(endpoint), (proposal) => {
        // Declined, or another one was asked for meanwhile.
        if (last !== null && get().proposal !== last) return
        last = compare ? { ...proposal, compare } : proposal
        set({ proposal: last })
      })
    },
    /** The user agrees to what was proposed. */
    async send(): Promise<void> {
      const { proposal } = get()
      const endpoint = endpointOf(get())
      if (proposal?.plan == null || endpoint?.url !== proposal.url) return
      agree(proposal.url)
      await run(proposal.drvPath, endpoint, proposal.compare === true)
    },
    decline: (): void => set({ proposal: null }),
    /** Asks again before something is sent to any endpoint. */
    forget: (): void => keep({ allowed: [] }),
    /** Stops what was asked for; of an evaluation's, what nobody else wants. */
    stop(id: number): void {
      stops.get(id)?.abort()
      const { jobs, rows } = get()
      const job = jobs.find((one) => one.id === id && one.isForEvaluation === true)
      if (job === undefined) return
      const others = jobs.filter((one) => one !== job && one.state === "running").map(({ drvPath }) => drvPath)
      const wanted = reachable(rows, others)
      for (const drvPath of reachable(rows, [job.drvPath])) {
        const { stage } = rows[drvPath] ?? { stage: "done" }
        if (!wanted.has(drvPath) && stage !== "done" && stage !== "failed") void cancel(drvPath)
      }
    },
    cancel,
    /** Removes what is over from the list. */
    clear(): void {
      const isOver = ({ stage }: BuildRow): boolean => stage === "done" || stage === "failed"
      const rows = Object.entries(get().rows).filter(([, row]) => !isOver(row))
      for (const drvPath of logs.keys()) if (!rows.some(([path]) => path === drvPath)) logs.delete(drvPath)
      forgetRows(storage, isOver)
      followed.clear()
      set({ rows: Object.fromEntries(rows), jobs: get().jobs.filter(({ state }) => state === "running"), selected: null, warnings: [] })
    },
  }
}

/** A build of somebody else's as a line: what it makes does not come here by watching it. */
function rowOfKnown(drvPath: string, { state, accepted }: ListedBuild): BuildRow {
  const isOver = state === "done" || state === "failed"
  return {
    ...unplanned,
    drvPath,
    name: drvName(drvPath),
    stage: state === "done" ? "done" : state === "failed" ? "failed" : "building",
    began: isOver ? null : accepted,
  }
}
