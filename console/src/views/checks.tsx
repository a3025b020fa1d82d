/** Whether the books are right, and whether the database is as it should be. */
import type { FindingWire } from '../../../src/api/examination.ts'
import { examination, useJob, verification, type Done } from '../checks.ts'
import { Card } from '../parts/card.tsx'
import { Notice } from '../parts/notice.tsx'
import { Control, Ended, Running } from '../parts/run.tsx'
import { Badge } from '../parts/values.tsx'
import { useWords } from '../words/words.ts'
import { CheckTabs } from './check-tabs.tsx'

export function ChecksView() {
  return (
    <>
      <CheckTabs current={null} />
      <div className="grid grid-cols-1 gap-5">
        <VerifyCard />
        <DoctorCard />
      </div>
    </>
  )
}

function VerifyCard() {
  const words = useWords()
  const run = useJob(verification)
  const broken = run?.done.filter(({ violations = [] }) => violations.length > 0) ?? []
  const held = run?.done.filter(({ violations = [] }) => violations.length === 0) ?? []
  return (
    <Card
      title={words.verify}
      aside={
        <Control
          run={run}
          name={words.verifyDo}
          job={verification}
          start={() => verification.start({ current: null, done: [] })}
        />
      }
    >
      <p className="text-sm text-muted">{words.verifyHint}</p>
      {run !== null && (
        <div className="mt-4 grid gap-4">
          {run.state === 'running' && (
            <Running
              run={run}
              label={words.verify}
              text={run.current === null ? words.starting : `${run.current.id} ${run.current.title}`}
              part={run.current === null ? null : (run.current.number - 1) / run.current.count}
            />
          )}
          <Ended run={run} />
          {run.state === 'done' && (
            <Notice
              tone={broken.length === 0 ? 'good' : 'bad'}
              title={broken.length === 0 ? words.lawsHold(run.done.length) : words.lawsBroken(broken.length)}
            />
          )}
          {broken.map((check) => (
            <Broken key={check.id} check={check} />
          ))}
          {held.length > 0 && <Held checks={held} />}
        </div>
      )}
    </Card>
  )
}

function Broken({ check: { id, title, violations = [] } }: { readonly check: Done }) {
  const words = useWords()
  return (
    <section className="min-w-0 rounded-lg border border-bad p-4">
      <h3 className="text-sm font-semibold">
        {id} {title}
      </h3>
      <p className="mt-0.5 text-[0.8125rem] text-muted">{words.firstRows}</p>
      <ul className="mt-2 grid gap-3">
        {violations.map((violation) => (
          <li key={JSON.stringify(violation)} className="rounded-lg bg-sunken p-3">
            <dl className="grid grid-cols-1 gap-x-5 gap-y-1 text-sm sm:grid-cols-2">
              {Object.entries(violation).map(([name, value]) => (
                <div key={name} className="min-w-0">
                  <dt className="inline text-muted">{name}</dt> <dd className="figure inline break-all">{value}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Held({ checks }: { readonly checks: readonly Done[] }) {
  const words = useWords()
  return (
    <details>
      <summary className="cursor-pointer text-sm font-medium">{words.lawsChecked(checks.length)}</summary>
      <ul className="mt-2 grid gap-1 text-sm">
        {checks.map(({ id, title }) => (
          <li key={id} className="flex gap-3">
            <span className="figure w-8 shrink-0 text-muted">{id}</span>
            <span>{title}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}

function DoctorCard() {
  const words = useWords()
  const run = useJob(examination)
  const findings = run?.examination?.findings ?? []
  const open = findings.filter(({ severity }) => severity !== 'fine')
  const fine = findings.filter(({ severity }) => severity === 'fine')
  return (
    <Card
      title={words.doctor}
      aside={
        <Control
          run={run}
          name={words.doctorDo}
          job={examination}
          start={() => examination.start({ examination: null })}
        />
      }
    >
      <p className="text-sm text-muted">{words.doctorHint}</p>
      {run !== null && (
        <div className="mt-4 grid gap-4">
          {run.state === 'running' && <Running run={run} label={words.doctor} text={words.doctorRuns} part={null} />}
          <Ended run={run} />
          {run.examination !== null && open.length === 0 && <Notice tone="good" title={words.nothingToDo} />}
          {open.map((finding) => (
            <Finding key={`${finding.id} ${finding.subject}`} finding={finding} />
          ))}
          {fine.length > 0 && (
            <details open={open.length === 0}>
              <summary className="cursor-pointer text-sm font-medium">{words.fineCount(fine.length)}</summary>
              <dl className="mt-2 grid grid-cols-1 gap-x-5 gap-y-2 text-sm sm:grid-cols-2">
                {fine.map(({ id, subject, what, value }) => (
                  <div key={`${id} ${subject}`} className="min-w-0">
                    <dt className="text-[0.8125rem] text-muted">{what}</dt>
                    <dd className="break-words">{value}</dd>
                  </div>
                ))}
              </dl>
            </details>
          )}
        </div>
      )}
    </Card>
  )
}

function Finding({ finding }: { readonly finding: FindingWire }) {
  const words = useWords()
  const { severity, what, value, why, remedy, details } = finding
  return (
    <section className="min-w-0 rounded-lg border border-line p-4">
      <h3 className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm font-semibold">
        <Badge word={severity} />
        {what}
      </h3>
      <p className="mt-1.5 text-sm break-words">{value}</p>
      <p className="mt-1 text-sm break-words text-muted">{why}</p>
      {details.length > 0 && (
        <ul className="mt-2 list-disc pl-5 text-[0.8125rem] text-muted">
          {details.map((detail) => (
            <li key={detail} className="break-words">
              {detail}
            </li>
          ))}
        </ul>
      )}
      {remedy !== null && (
        <p className="mt-3 text-sm">
          <span className="text-muted">{words.remedy}</span>
          <code className="mt-1 block rounded-lg bg-sunken px-3 py-2 font-mono text-[0.8125rem] break-words select-all">
            {remedy}
          </code>
        </p>
      )}
    </section>
  )
}
