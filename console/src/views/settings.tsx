import { Button } from '../parts/button.tsx'
import { Card, PageHead } from '../parts/card.tsx'
import { Choice } from '../parts/field.tsx'
import { Link } from '../parts/values.tsx'
import { setPreferences, usePreferences, type Preferences } from '../preferences.ts'
import { signOut, useSession } from '../session.ts'
import { useWords } from '../words/words.ts'

export function SettingsView() {
  const words = useWords()
  const { language, theme, zone } = usePreferences()
  const { key } = useSession()
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
          {key !== null && <Button onClick={signOut}>{words.signOut}</Button>}
        </Card>
        <Card>
          <ul className="grid gap-2 text-sm">
            <li>
              <Link href="#/assets">{words.assets}</Link>
            </li>
            <li>
              <Link href="#/keys">{words.keys}</Link>
            </li>
            <li>
              <Link href="docs/">{words.reference}</Link>
            </li>
          </ul>
        </Card>
      </div>
    </>
  )
}
