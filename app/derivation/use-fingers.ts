// A drawing moved by a mouse or a finger, and zoomed by two.

import { type PointerEvent, type RefObject, useRef } from "react"
import type { Looking } from "./use-eye.ts"

interface Point {
  readonly x: number
  readonly y: number
}

export interface Fingers {
  readonly handlers: {
    onPointerDown(event: PointerEvent): void
    onPointerMove(event: PointerEvent): void
    onPointerUp(event: PointerEvent): void
    onPointerCancel(event: PointerEvent): void
    onPointerLeave(event: PointerEvent): void
  }
  /** Whether what ends now has moved the drawing: the click that follows is none. */
  moved(): boolean
}

/** Pixels that a press may tremble. */
const TREMBLE = 4

export function useFingers(box: RefObject<HTMLElement | null>, { setEye, zoom }: Pick<Looking, "setEye" | "zoom">): Fingers {
  const down = useRef(new Map<number, Point>())
  const hasMoved = useRef(false)
  const leave = ({ pointerId }: PointerEvent): void => {
    down.current.delete(pointerId)
  }
  return {
    moved: () => hasMoved.current,
    handlers: {
      onPointerDown({ pointerId, clientX, clientY }) {
        if (down.current.size === 0) hasMoved.current = false
        down.current.set(pointerId, { x: clientX, y: clientY })
      },
      onPointerMove({ pointerId, clientX, clientY }) {
        const from = down.current.get(pointerId)
        if (from === undefined) return
        const to = { x: clientX, y: clientY }
        if (!hasMoved.current && Math.abs(to.x - from.x) + Math.abs(to.y - from.y) < TREMBLE) return
        hasMoved.current = true
        down.current.set(pointerId, to)
        const other = [...down.current].find(([id]) => id !== pointerId)?.[1]
        if (other === undefined) {
          setEye((old) => ({ ...old, x: old.x + to.x - from.x, y: old.y + to.y - from.y }))
          return
        }
        const { left = 0, top = 0 } = box.current?.getBoundingClientRect() ?? {}
        const before = Math.hypot(from.x - other.x, from.y - other.y)
        if (before > 0) zoom(Math.hypot(to.x - other.x, to.y - other.y) / before, { x: other.x - left, y: other.y - top })
      },
      onPointerUp: leave,
      onPointerCancel: leave,
      onPointerLeave: leave,
    },
  }
}
