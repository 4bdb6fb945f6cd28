// Faults of stores on their way over Connect, gRPC-web or gRPC: which status stands for which.
// The way to the client is that of Snix's servers (castore/src/proto/grpc_*_wrapper.rs) where they have one; the way back is nearly
// its inverse.

import { Code, ConnectError } from "@connectrpc/connect"
import { StoreError, type StoreErrorCode } from "./error.ts"

const statusOf: Readonly<Record<StoreErrorCode, Code>> = {
  damaged: Code.DataLoss,
  absent: Code.NotFound,
  invalid: Code.InvalidArgument,
  denied: Code.PermissionDenied,
  quota: Code.ResourceExhausted,
  "read-only": Code.FailedPrecondition,
  unreachable: Code.Unavailable,
  unsupported: Code.Unimplemented,
  cancelled: Code.Canceled,
}

const codeOf: Readonly<Record<Code, StoreErrorCode>> = {
  [Code.DataLoss]: "damaged",
  [Code.NotFound]: "absent",
  [Code.InvalidArgument]: "invalid",
  [Code.OutOfRange]: "invalid",
  [Code.AlreadyExists]: "invalid",
  [Code.PermissionDenied]: "denied",
  [Code.Unauthenticated]: "denied",
  [Code.ResourceExhausted]: "quota",
  [Code.FailedPrecondition]: "read-only",
  [Code.Unimplemented]: "unsupported",
  // Nobody here cancels a call that is waited for: this is what Node's transport makes of a connection that breaks.
  [Code.Canceled]: "unreachable",
  [Code.Unavailable]: "unreachable",
  [Code.DeadlineExceeded]: "unreachable",
  [Code.Aborted]: "unreachable",
  [Code.Internal]: "unreachable",
  [Code.Unknown]: "unreachable",
}

/** What a client throws for a fault of a call; `what` says what was being done ("reading the blob …"). */
export function storeErrorOf(error: unknown, what: string): StoreError {
  if (error instanceof StoreError) return error
  const fault = ConnectError.from(error)
  return new StoreError(codeOf[fault.code], `${what}: the server says: ${fault.rawMessage}`, { cause: error })
}

/** What a server answers for a fault. Anything but a StoreError is a fault of its own, which it does not describe. */
export function connectErrorOf(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  if (error instanceof StoreError) return new ConnectError(error.message, statusOf[error.code], undefined, undefined, error)
  return new ConnectError("internal error", Code.Internal, undefined, undefined, error)
}
