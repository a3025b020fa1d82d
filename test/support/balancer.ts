/** HAProxy or nginx with the sample configuration of `ops`, on free ports, in front of services of a test. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { HAPROXY, NGINX, nginxAround, ProxyProcess, type ProxyProgram } from './proxy-process.ts'

const OPS = resolve(import.meta.dirname, '../../ops')

export type BalancerName = 'haproxy' | 'nginx'

interface Kind {
  readonly program: ProxyProgram
  readonly sample: string
  /** Around the sample, for a process of its own. */
  readonly whole: (sample: string, folder: string) => string
}

export const BALANCERS: Readonly<Record<BalancerName, Kind>> = {
  haproxy: { program: HAPROXY, sample: 'haproxy/holdfast.cfg', whole: (sample) => sample },
  nginx: { program: NGINX, sample: 'nginx/holdfast.conf', whole: nginxAround },
}

/** @param services their ports take the places of 4680 and 4681 in the sample */
export async function startBalancer(
  name: BalancerName,
  services: readonly { readonly url: string }[],
): Promise<ProxyProcess> {
  const { program, sample, whole } = BALANCERS[name]
  return await ProxyProcess.start(program, async (port, folder) => {
    let text = (await readFile(join(OPS, sample), 'utf8')).replace('127.0.0.1:8080', `127.0.0.1:${port}`)
    for (const [index, { url }] of services.entries()) {
      const place = `127.0.0.1:${4680 + index}`
      if (!text.includes(place)) throw new Error(`${sample} has no ${place}.`)
      text = text.replace(place, new URL(url).host)
    }
    return whole(text, folder)
  })
}
