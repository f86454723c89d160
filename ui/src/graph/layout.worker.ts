/** Lays graphs out, away from the page. */
import { arrange, type Request } from "./arrange"

export interface Job {
  readonly number: number
  readonly request: Request
}

self.onmessage = ({ data }: MessageEvent<Job>) => {
  const start = performance.now()
  const layout = arrange(data.request)
  self.postMessage({ number: data.number, layout, took: performance.now() - start })
}
