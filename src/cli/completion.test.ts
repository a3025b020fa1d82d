import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import type { Command } from 'commander'
import { completionScript, SHELLS } from './completion.ts'
import { buildProgram } from './program.ts'

function commandsIn(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(commandsIn)]
}

for (const shell of SHELLS) {
  test(`the script for ${shell} has every command, option and choice of the program`, () => {
    const program = buildProgram()
    const script = completionScript(program, shell)
    for (const command of commandsIn(program).slice(1)) {
      assert.ok(script.includes(command.name()), command.name())
      for (const { long, argChoices = [] } of command.options) {
        const flag = shell === 'fish' ? `-l ${long!.slice(2)} ` : long!
        assert.ok(script.includes(flag), `${command.name()} ${long}`)
        for (const choice of argChoices) assert.ok(script.includes(choice), `${command.name()} ${long} ${choice}`)
      }
    }
  })
}

describe('bash', () => {
  /** What bash offers after these words, the last of which is being written. */
  function offered(...words: readonly string[]): readonly string[] {
    const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _holdfast; echo "\${COMPREPLY[@]}"`
    const script = `${completionScript(buildProgram(), 'bash')}\n${ask}`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
    assert.equal(stderr, '')
    return stdout
      .trim()
      .split(' ')
      .filter((word) => word !== '')
  }

  test('offers commands, and those that begin as written', () => {
    assert.deepEqual([...offered('holdfast', 're')].sort(), ['reconcile', 'refund', 'release'])
    const all = offered('holdfast', '')
    for (const command of buildProgram().commands) assert.ok(all.includes(command.name()), command.name())
  })

  test('offers the options of the command, whatever stands before', () => {
    assert.deepEqual(offered('holdfast', 'verify', '--st'), ['--store'])
    assert.deepEqual(offered('holdfast', 'verify', '--json', '--ro'), ['--rows'])
    assert.deepEqual(offered('holdfast', 'settle', 'job-616', '500', '--ov'), ['--overage'])
  })

  test('offers the choices of an argument and of an option', () => {
    assert.deepEqual(offered('holdfast', 'completion', 'z'), ['zsh'])
    assert.deepEqual(offered('holdfast', 'settle', 'job-616', '500', '--overage', ''), ['reject', 'cap', 'draw'])
  })
})
