// Where a drawing is looked at from: moved and zoomed by wheels, buttons and whatever sets it.

import { type Dispatch, type RefObject, type SetStateAction, useCallback, useEffect, useState } from "react"

/** Pixels of the drawing's corner in its box, and how large it is drawn. */
export interface Eye {
  readonly x: number
  readonly y: number
  readonly scale: number
}

export interface Looking {
  readonly eye: Eye
  readonly setEye: Dispatch<SetStateAction<Eye>>
  /** Shows all of it, no larger than it is. */
  fitIn(): void
  /** Zooms about a point of the box, its middle by default. */
  zoom(by: number, at?: { readonly x: number; readonly y: number }): void
}

/** Begins with all of a drawing of this size in sight. */
export function useEye(box: RefObject<HTMLElement | null>, graph: { readonly width: number; readonly height: number }): Looking {
  const [eye, setEye] = useState<Eye>({ x: 0, y: 0, scale: 1 })
  const fitIn = useCallback(() => {
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {}
    const scale = Math.max(0.15, Math.min(1, clientWidth / graph.width || 1, clientHeight / graph.height || 1))
    setEye({ scale, x: Math.max(0, (clientWidth - graph.width * scale) / 2), y: Math.max(0, (clientHeight - graph.height * scale) / 2) })
  }, [box, graph])
  useEffect(fitIn, [fitIn])
  const zoom = useCallback(
    (by: number, at?: { x: number; y: number }) => {
      setEye((old) => {
        const scale = Math.max(0.1, Math.min(4, old.scale * by))
        const center = at ?? { x: (box.current?.clientWidth ?? 0) / 2, y: (box.current?.clientHeight ?? 0) / 2 }
        const factor = scale / old.scale
        return { scale, x: center.x - (center.x - old.x) * factor, y: center.y - (center.y - old.y) * factor }
      })
    },
    [box],
  )
  useEffect(() => {
    const element = box.current
    if (element === null) return
    // React's own listeners for wheels cannot keep the page from scrolling.
    const wheel = (event: WheelEvent): void => {
      event.preventDefault()
      const { left, top } = element.getBoundingClientRect()
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 200), { x: event.clientX - left, y: event.clientY - top })
      else setEye((old) => ({ ...old, x: old.x - event.deltaX, y: old.y - event.deltaY }))
    }
    element.addEventListener("wheel", wheel, { passive: false })
    return () => element.removeEventListener("wheel", wheel)
  }, [box, zoom])
  return { eye, setEye, fitIn, zoom }
}
