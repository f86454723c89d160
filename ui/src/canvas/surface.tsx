/**
 * A canvas that is as sharp as the screen, as large as its place, and in the theme's colours.
 *
 * `draw` is called in an animation frame: when it is another function than before, when the size or the theme changes,
 * and after `redraw()` of the handle, however often that is called in a frame. It draws everything anew. What moves many
 * times a second (pan, zoom, hover) belongs in a ref that `draw` reads, followed by `redraw()`, so that React stays out.
 */
import { type CanvasHTMLAttributes, type Ref, useEffect, useImperativeHandle, useRef } from "react"
import { onPalette, type Palette, palette } from "./palette"
import classes from "./surface.module.css"

export interface Frame {
  /** In CSS pixels; the canvas is cleared. */
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
  /** Pixels of the screen in a CSS pixel: lines are sharp at multiples of 1 / ratio. */
  readonly ratio: number
  readonly colours: Palette
}

export interface SurfaceHandle {
  readonly redraw: () => void
  readonly canvas: HTMLCanvasElement | null
  /** In CSS pixels; zero before the first layout. */
  readonly size: () => { width: number; height: number }
}

interface SurfaceProps extends Omit<CanvasHTMLAttributes<HTMLCanvasElement>, "onResize"> {
  readonly draw: (frame: Frame) => void
  /** What it shows, for screen readers; empty where something beside it says so. */
  readonly label: string
  readonly handle?: Ref<SurfaceHandle>
  readonly onResize?: (width: number, height: number) => void
}

export function Surface({ draw, label, handle, onResize, className, ...rest }: SurfaceProps) {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const state = useRef<State>({ width: 0, height: 0, pixels: null, frame: 0, draw, onResize })
  const redraw = useRef(() => {
    const here = state.current
    if (here.frame !== 0) return
    here.frame = requestAnimationFrame(() => {
      here.frame = 0
      paint(canvas.current, here)
    })
  })
  useImperativeHandle(
    handle,
    () => ({
      redraw: () => redraw.current(),
      get canvas() {
        return canvas.current
      },
      size: () => ({ width: state.current.width, height: state.current.height }),
    }),
    [],
  )
  useEffect(() => {
    state.current.draw = draw
    state.current.onResize = onResize
    redraw.current()
  }, [draw, onResize])
  useEffect(() => {
    const place = box.current
    const here = state.current
    if (place === null) return undefined
    const resized = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      here.width = entry.contentRect.width
      here.height = entry.contentRect.height
      here.pixels = entry.devicePixelContentBoxSize?.[0] ?? null
      here.onResize?.(here.width, here.height)
      // at once: until the next frame the browser would show the old picture in the wrong size
      paint(canvas.current, here)
    })
    // pixels of the screen, where the browser tells: then another screen or zoom is heard of as well
    const tells = "devicePixelContentBoxSize" in ResizeObserverEntry.prototype
    resized.observe(place, { box: tells ? "device-pixel-content-box" : "content-box" })
    const themed = onPalette(() => redraw.current())
    // fonts come after the first picture; text would stay in the one that stood in for them
    let shown = true
    void document.fonts?.ready.then(() => shown && redraw.current())
    return () => {
      shown = false
      resized.disconnect()
      themed()
      cancelAnimationFrame(here.frame)
      here.frame = 0
    }
  }, [])
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": true }
  return (
    <div ref={box} className={className ? `${classes.surface} ${className}` : classes.surface}>
      <canvas ref={canvas} {...named} {...rest} />
    </div>
  )
}

interface State {
  width: number
  height: number
  /** How many pixels of the screen the canvas has: at a zoom of 110 % its size in CSS pixels is no whole number. */
  pixels: ResizeObserverSize | null
  frame: number
  draw: (frame: Frame) => void
  onResize: ((width: number, height: number) => void) | undefined
}

function paint(canvas: HTMLCanvasElement | null, { width, height, pixels, draw }: State): void {
  if (canvas === null || width === 0 || height === 0) return
  const near = window.devicePixelRatio || 1
  const across = exactly(pixels?.inlineSize, width * near)
  const down = exactly(pixels?.blockSize, height * near)
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across
    canvas.height = down
  }
  const context = canvas.getContext("2d")
  if (context === null) return
  const ratio = across / width
  context.setTransform(ratio, 0, 0, down / height, 0, 0)
  context.clearRect(0, 0, width, height)
  draw({ context, width, height, ratio, colours: palette() })
}

/** The pixels that the browser tells; not where it tells those of another screen than the one it pretends to have. */
function exactly(told: number | undefined, near: number): number {
  return Math.max(1, told !== undefined && Math.abs(told - near) < 1.5 ? told : Math.round(near))
}

/** Where a pointer or a wheel is, in CSS pixels from the corner of the canvas. */
export function pointIn(event: {
  readonly currentTarget: EventTarget | null
  readonly clientX: number
  readonly clientY: number
}): { x: number; y: number } {
  const rect = (event.currentTarget as HTMLElement).getBoundingClientRect()
  return { x: event.clientX - rect.left, y: event.clientY - rect.top }
}

/**
 * Follow the wheel on an element so that the page behind it does not scroll. React's own listeners are passive and
 * cannot hold it back. `heard` says whether it took the turn.
 */
export function useWheel(
  element: () => HTMLElement | null | undefined,
  heard: (event: WheelEvent, pixels: { x: number; y: number }) => boolean,
): void {
  const latest = useRef({ element, heard })
  latest.current = { element, heard }
  useEffect(() => {
    const target = latest.current.element()
    if (!target) return undefined
    const onWheel = (event: WheelEvent) => {
      // lines and pages, as some mice say it, in pixels
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1
      if (latest.current.heard(event, { x: event.deltaX * unit, y: event.deltaY * unit }))
        event.preventDefault()
    }
    target.addEventListener("wheel", onWheel, { passive: false })
    return () => target.removeEventListener("wheel", onWheel)
  }, [])
}
