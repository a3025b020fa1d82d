import { Button } from '../parts/button.tsx'
import { useCaller, useObstacle } from '../caller.tsx'
import { Card, Fact, Facts, PageHead } from '../parts/card.tsx'
import { Choice } from '../parts/field.tsx'
import { Instant, Link } from '../parts/values.tsx'
import { PLACES } from '../places.ts'
import { setPreferences, usePreferences, type Preferences } from '../preferences.ts'
import { signOut, useSession } from '../session.ts'
import { useWords } from '../words/words.ts'

export function SettingsView() {
  const words = useWords()
  const { language, theme, zone } = usePreferences()
  const { key } = useSession()
  const obstacleOf = useObstacle()
  const maySeeKeys = obstacleOf(PLACES.keys) === null
  const maySeeChecks = obstacleOf(PLACES.checks) === null
  return (
    <>
      <PageHead title={words.settings} />
      <div className="grid grid-cols-1 gap-5">
        <Card>
          <div className="grid gap-4 sm:grid-cols-3">
            <Choice
              name={words.language}
              value={language}
              choices={[
                ['en', 'English'],
                ['zh', '中文'],
              ]}
              onChange={(value) => setPreferences({ language: value as Preferences['language'] })}
            />
            <Choice
              name={words.theme}
              value={theme}
              choices={[
                ['system', words.themeSystem],
                ['light', words.themeLight],
                ['dark', words.themeDark],
              ]}
              onChange={(value) => setPreferences({ theme: value as Preferences['theme'] })}
            />
            <Choice
              name={words.zone}
              value={zone}
              choices={[
                ['local', `${words.zoneLocal} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`],
                ['utc', words.zoneUtc],
              ]}
              onChange={(value) => setPreferences({ zone: value as Preferences['zone'] })}
            />
          </div>
        </Card>
        <Card title={words.key}>
          <p className="mb-3 text-sm text-muted">{key === null ? words.notSignedIn : words.signedIn}</p>
          <Caller />
          {key !== null && <Button onClick={signOut}>{words.signOut}</Button>}
        </Card>
        <Card>
          <ul className="grid gap-2 text-sm">
            <li>
              <Link href="#/assets">{words.assets}</Link>
            </li>
            {maySeeChecks && (
              <li>
                <Link href="#/checks">{words.checks}</Link>
              </li>
            )}
            {maySeeKeys && (
              <li>
                <Link href="#/keys">{words.keys}</Link>
              </li>
            )}
            <li>
              <Link href="docs/">{words.reference}</Link>
            </li>
          </ul>
        </Card>
      </div>
    </>
  )
}

/** Who the viewer is for the service, and within which bounds. */
function Caller() {
  const words = useWords()
  const caller = useCaller()
  if (caller === null) return null
  if (!caller.hasKeys) return <p className="text-sm">{words.noKeysHint}</p>
  const bounds = [caller.account, ...(caller.accounts ?? []), ...(caller.assets ?? [])].filter(
    (bound) => bound !== null,
  )
  return (
    <div className="mb-4">
      <Facts>
        <Fact name={words.name}>{caller.key}</Fact>
        <Fact name={words.expires}>
          {caller.expiresAt === null ? words.never : <Instant at={caller.expiresAt} hasBoth />}
        </Fact>
        <Fact name={words.confinedTo}>{bounds.join(', ') || words.everything}</Fact>
        {caller.amountMax !== null && <Fact name={words.amountMax}>{caller.amountMax}</Fact>}
        <Fact name={words.scopes}>
          <ul className="font-mono text-[0.8125rem]">
            {caller.scopes.map((scope) => (
              <li key={scope}>{scope}</li>
            ))}
          </ul>
        </Fact>
      </Facts>
    </div>
  )
}
