// A clock, so that one sees that something is going on.

import { useEffect, useState } from "react"

export function Running({ since }: { readonly since: number }) {
  const [now, setNow] = useState(since)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100)
    return () => clearInterval(timer)
  }, [])
  return (
    <p>
      <span role="status">Evaluating…</span> {((now - since) / 1000).toFixed(1)} s
    </p>
  )
}
