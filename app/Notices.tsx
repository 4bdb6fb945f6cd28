// What the user should know: that nothing can be kept, that the last visit ended badly, what was done and can be undone.

import { useBench, useWorkbench } from "./workbench-context.ts"

export function Notices() {
  const bench = useWorkbench()
  const kept = useBench((state) => state.kept)
  const interrupted = useBench((state) => state.interrupted)
  const elsewhere = useBench((state) => state.elsewhere)
  const notices = useBench((state) => state.notices)
  return (
    <div className="notices" role="status">
      {elsewhere ? (
        <p className="notice">
          <span>This workspace is open in another tab, which saves it. What you change here goes into a copy.</span>
          <button type="button" onClick={bench.takeOver}>
            Take over here
          </button>
          <button type="button" onClick={bench.openCopy}>
            Open a copy
          </button>
        </p>
      ) : null}
      {interrupted ? (
        <p className="notice urgent">
          This tab went away while it was evaluating. Your text is as you left it; nothing runs until you press Evaluate.
        </p>
      ) : null}
      {kept ? null : (
        <p className="notice urgent">Your text cannot be kept here: the browser denies storage to this page, or the storage is full.</p>
      )}
      {notices.map(({ id, text, urgent, action }) => (
        <p key={id} className={urgent ? "notice urgent" : "notice"}>
          <span>{text}</span>
          {action === undefined ? null : (
            <button type="button" onClick={action.run}>
              {action.label}
            </button>
          )}
          <button type="button" className="close" aria-label="Dismiss" onClick={() => bench.dismiss(id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  )
}
