/** nginx with default settings in front of a service; it speaks HTTP/1.0 to the service. */
import { NGINX, nginxAround, ProxyProcess } from './proxy-process.ts'

export async function startNginx(serviceUrl: string): Promise<ProxyProcess> {
  return await ProxyProcess.start(NGINX, (port, folder) =>
    nginxAround(`server { listen 127.0.0.1:${port}; location / { proxy_pass ${serviceUrl}; } }`, folder),
  )
}
