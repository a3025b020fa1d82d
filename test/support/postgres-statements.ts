import { Client, type ClientConfig } from 'pg'

/** Runs statements one after another on a connection of their own. */
export async function runOnPostgres(config: ClientConfig, statements: readonly string[]): Promise<void> {
  const client = new Client(config)
  // A broken connection rejects the pending call; an unhandled 'error' event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
