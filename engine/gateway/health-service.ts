// grpc.health.v1.Health: whether a service is served.

import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect"
import { type Health, HealthCheckResponse_ServingStatus as Status } from "../proto/gen/health_pb.ts"

/** The service; `names` are the full names of all services. */
export function healthService(names: ReadonlySet<string>): ServiceImpl<typeof Health> {
  return {
    check({ service }) {
      if (service === "" || names.has(service)) return { status: Status.SERVING }
      throw new ConnectError(`there is no service '${service}'`, Code.NotFound)
    },
    async *watch({ service }, { signal }) {
      yield { status: service === "" || names.has(service) ? Status.SERVING : Status.SERVICE_UNKNOWN }
      // It does not change before the end.
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener("abort", () => resolve(), { once: true })
      })
    },
  }
}
