/** ops/kubernetes: the objects fit each other, the image and the code. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { readSettings } from '../../src/config.ts'
import { HEALTH_PATHS } from '../../src/http/routes/health.ts'
import { instructionsOf, PORT, textOf } from './ops-files.ts'

type Labels = Readonly<Record<string, string>>

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
  readonly securityContext: object
  readonly resources: { readonly requests: Labels; readonly limits: Labels }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
}

interface Pod {
  readonly terminationGracePeriodSeconds?: number
  readonly automountServiceAccountToken: boolean
  readonly securityContext: object
  readonly containers: readonly Container[]
  readonly volumes: readonly Volume[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Labels
  readonly spec: {
    readonly replicas?: number
    readonly selector: { readonly matchLabels?: Labels } & Labels
    readonly podSelector: { readonly matchLabels: Labels }
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[]
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-manifests-'))
after(() => rmSync(folder, { recursive: true }))

const INSTRUCTIONS = instructionsOf(textOf('ops/docker/Dockerfile'))

function image(name: string): string {
  return INSTRUCTIONS.findLast((instruction) => instruction.name === name)!.rest
}

function manifests(file: string): readonly Manifest[] {
  return parseAllDocuments(textOf(`ops/kubernetes/${file}`)).map((document) => {
    assert.deepEqual(document.errors, [])
    return document.toJS() as Manifest
  })
}

for (const file of ['server.yaml', 'sqlite.yaml']) {
  describe(file, () => {
    const all = manifests(file)
    const byKind = (kind: string): Manifest => all.find((one) => one.kind === kind)!
    const workload = all.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')!
    const { labels } = workload.spec.template.metadata
    const pods = all.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]))
    const pod = workload.spec.template.spec
    const [container] = pod.containers as [Container]
    const config = byKind('ConfigMap').data!['holdfast.env']!

    test('every pod runs as the user of the image, with a read-only root file system and no rights', () => {
      const [user, group] = image('USER').split(':').map(Number)
      for (const { securityContext, containers, automountServiceAccountToken } of pods) {
        assert.partialDeepStrictEqual(securityContext, {
          runAsNonRoot: true,
          runAsUser: user,
          runAsGroup: group,
          fsGroup: group,
          seccompProfile: { type: 'RuntimeDefault' },
        })
        assert.equal(automountServiceAccountToken, false)
        for (const one of containers) {
          assert.deepEqual(one.securityContext, {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          })
          assert.ok(one.resources.requests['memory'] !== undefined && one.resources.limits['memory'] !== undefined)
        }
      }
    })

    test('everything that is mounted or named is there', () => {
      const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name)
      for (const { containers, volumes } of pods) {
        const known = new Set([...volumes.map(({ name }) => name), ...claims])
        const maps = volumes.flatMap(({ configMap }) => (configMap === undefined ? [] : [configMap.name]))
        for (const name of maps) assert.equal(name, byKind('ConfigMap').metadata.name)
        for (const { volumeMounts, env } of containers) {
          for (const { name } of volumeMounts) assert.ok(known.has(name), name)
          for (const { name, value } of env) {
            assert.ok(
              volumeMounts.some(({ mountPath }) => value.startsWith(`${mountPath}/`)),
              `${name}=${value}`,
            )
          }
        }
      }
      for (const { kind, spec } of all) {
        if (kind === 'Job' || spec === undefined) continue
        const selector = spec.podSelector ?? spec.selector
        assert.deepEqual(selector.matchLabels ?? selector, labels, kind)
      }
    })

    test('the config file has settings that the service accepts', () => {
      const path = join(folder, file)
      writeFileSync(path, config)
      const { allowedHosts } = readSettings({ config: path }, {})
      assert.ok(allowedHosts.includes(byKind('Service').metadata.name))
    })

    test('ports and probes are those of the service', () => {
      assert.deepEqual(container.ports, [{ name: 'http', containerPort: PORT }])
      assert.deepEqual(byKind('Service').spec.ports, [{ name: 'http', port: PORT, targetPort: 'http' }])
      const { startupProbe, livenessProbe, readinessProbe } = container
      for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
        assert.ok(HEALTH_PATHS.includes(probe!.httpGet.path))
        assert.equal(probe!.httpGet.port, 'http')
      }
      assert.equal(livenessProbe!.httpGet.path, '/livez')
      assert.equal(readinessProbe!.httpGet.path, '/readyz')
    })

    test('a pod has the time to stop', () => {
      const path = join(folder, `stop-${file}`)
      writeFileSync(path, config)
      const pause = Number(container.lifecycle?.preStop.exec.command[1] ?? 0)
      const { shutdownMs } = readSettings({ config: path }, {})
      assert.ok(pod.terminationGracePeriodSeconds! * 1_000 > pause * 1_000 + shutdownMs)
    })
  })
}

test('a server has several processes, and the tables are made by a job with the rights of their owner', () => {
  const all = manifests('server.yaml')
  assert.ok(all.find(({ kind }) => kind === 'Deployment')!.spec.replicas! >= 2)
  assert.ok(all.some(({ kind }) => kind === 'PodDisruptionBudget'))
  const job = all.find(({ kind }) => kind === 'Job')!
  assert.deepEqual(job.spec.template.spec.containers[0]!.args, ['migrate'])
})

test('a file has one process, and its volume is where the image keeps its data', () => {
  const { spec } = manifests('sqlite.yaml').find(({ kind }) => kind === 'StatefulSet')!
  assert.equal(spec.replicas, 1)
  const [{ metadata }] = spec.volumeClaimTemplates as [{ metadata: { name: string } }]
  const mount = spec.template.spec.containers[0]!.volumeMounts.find(({ name }) => name === metadata.name)!
  assert.ok(
    INSTRUCTIONS.some(({ name, rest }) => name === 'RUN' && rest.endsWith(` ${mount.mountPath}`)),
    mount.mountPath,
  )
})
