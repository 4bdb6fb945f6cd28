// Where is built: the gateway beside the app, or an endpoint of the user's own; and whether it answers.

import { useState } from "react"
import type { EndpointSettings } from "../../engine/worker/client.ts"
import type { Tested } from "./build-desk.ts"
import { EndpointTest } from "./EndpointTest.tsx"
import type { GatewayNotice } from "./endpoint-choice.ts"

interface Props {
  readonly own: EndpointSettings | null
  /** The one in use. */
  readonly endpoint: EndpointSettings | null
  readonly gateway: GatewayNotice | undefined
  readonly tested: Tested | null
  readonly origin: string
  /** Whether the user has agreed to sending something somewhere. */
  readonly allowed: boolean
  readonly onTest: (endpoint: EndpointSettings) => void
  readonly onChoose: (own: EndpointSettings | null) => void
  readonly onForget: () => void
}

export function EndpointForm({ own, endpoint, gateway, tested, origin, allowed, onTest, onChoose, onForget }: Props) {
  const [url, setUrl] = useState(own?.url ?? "")
  const [token, setToken] = useState(own?.token ?? "")
  const [protocol, setProtocol] = useState(own?.protocol ?? "connect")
  const written: EndpointSettings | null =
    url.trim() === "" ? null : { url: url.trim(), ...(token === "" ? {} : { token }), ...(protocol === "connect" ? {} : { protocol }) }
  const beside = gateway != null && "url" in gateway ? gateway.url : null
  const wanted = written ?? (beside === null ? null : { url: beside })

  return (
    <section aria-label="Endpoint">
      <p className="build-where">
        {gateway === undefined && own === null
          ? "Looking for a gateway beside the app…"
          : endpoint === null
            ? "There is no endpoint for builds."
            : own === null
              ? `Builds run at ${endpoint.url}, the gateway beside this app.`
              : `Builds run at ${endpoint.url}.`}
      </p>
      {endpoint !== null || gateway === undefined ? null : (
        <>
          {gateway !== null && "problem" in gateway ? (
            <p className="notice">The gateway beside this app cannot run: {gateway.problem}</p>
          ) : null}
          <p className="build-hint">Everything else works without one. On a machine that is to build, this starts one for this page:</p>
          <pre className="build-command">{`thunkpad gateway --install-tools --origin ${origin}`}</pre>
        </>
      )}
      <details open={endpoint === null && gateway !== undefined}>
        <summary>Endpoint settings</summary>
        <form
          className="build-form"
          onSubmit={(event) => {
            event.preventDefault()
            onChoose(written)
          }}
        >
          <label>
            Address{" "}
            <input type="url" value={url} placeholder={beside ?? "http://127.0.0.1:8484"} onChange={(e) => setUrl(e.target.value)} />
          </label>
          <label>
            Token <input type="password" autoComplete="off" value={token} onChange={(e) => setToken(e.target.value)} />
          </label>
          <label>
            Protocol{" "}
            <select value={protocol} onChange={(e) => setProtocol(e.target.value === "grpc-web" ? "grpc-web" : "connect")}>
              <option value="connect">Connect</option>
              <option value="grpc-web">gRPC-web</option>
            </select>
          </label>
          <p className="build-buttons">
            <button type="submit">Use it</button>
            <button type="button" disabled={wanted === null} onClick={() => wanted !== null && onTest(wanted)}>
              Test
            </button>
            {allowed ? (
              <button type="button" onClick={onForget} title="Before anything is sent to any endpoint">
                Ask me again
              </button>
            ) : null}
          </p>
        </form>
        <EndpointTest tested={tested} />
      </details>
    </section>
  )
}
