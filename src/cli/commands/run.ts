import { type Command, Option } from 'commander'
import { omitUndefined } from '../../core/omit-undefined.ts'
import { defaultTarget, findEntry } from '../../models/catalog.ts'
import { addGenerateFlags, toGenerateOptions } from '../flags/generate-flags.ts'
import { addHistoryFlags, toHistory } from '../flags/history-flags.ts'
import { addLoadFlags } from '../flags/load-flags.ts'
import { joinPrompt, readPipe } from '../flags/prompt.ts'
import { checkRunFlags, needsPrompt, type RunFlags } from '../flags/run-flags.ts'
import { INTERRUPTED, Interrupted } from '../views/interrupt.ts'
import { wantsColor } from '../views/origin-colors.ts'
import { loadWithProgress } from './load-progress.ts'
import { runOnce } from './run-once.ts'
import { processWorld, type World } from './world.ts'

/** `ouroboros run [PROMPT]`: one answer, or a chat. */
export function registerRun(program: Command, world: World = processWorld()): void {
  const command = program
    .command('run')
    .description('answer a prompt, or chat when there is none')
    .argument('[prompt]', 'text; what is piped in follows it; a name that `ouroboros models` lists is the model to chat with')
    .option('--system <text>', 'system message')
    .option('--file <file>', 'put a file into the prompt; repeatable', (file: string, files: string[] = []) => [...files, file])
    .option('--raw', 'no chat template: the model continues the text')
    .addOption(new Option('--color [when]', 'color tokens by origin: target, draft, phrase').choices(['auto', 'always', 'never']))
    .option('--compare', 'plain decoding and the method in turn: speeds, and whether the texts are equal')
    .option('--stats', 'statistics on standard error')
    .option('--trace <file>', 'write each step as a line of JSON; ouroboros trace shows it')
    .option('--json', 'one JSON object on standard output')
    .option('--verbose', "the native library's log on standard error, and where failures come from")
    .option('--list-devices', 'list devices and end')
  addGenerateFlags(addLoadFlags(addHistoryFlags(command), defaultTarget))
  command.action((prompt: string | undefined, flags: RunFlags) => {
    const isModel = prompt !== undefined && command.getOptionValueSource('model') === 'default' && findEntry(prompt) !== undefined
    return isModel ? run(undefined, { ...flags, model: prompt }, world) : run(prompt, flags, world)
  })
}

async function run(argument: string | undefined, flags: RunFlags, world: World): Promise<void> {
  const { terminal } = world
  if (flags.listDevices) {
    terminal.stdout.write((await world.devices(flags.library)).map((name) => `${name}\n`).join(''))
    return
  }
  checkRunFlags(flags)
  const request = toGenerateOptions(flags)
  const color = wantsColor(flags.color ?? (flags.compare ? 'auto' : 'never'), terminal)

  const piped = await readPipe(terminal)
  const chatting = argument === undefined && piped === undefined && flags.file === undefined
  if (chatting) needsPrompt(flags, terminal)
  const parts = { files: flags.file ?? [], ...omitUndefined({ argument, piped }) }
  const prompt = chatting ? undefined : joinPrompt(parts, Boolean(flags.raw))

  await using engine = await loadWithProgress(world, flags, { history: toHistory(flags) })
  if (prompt === undefined) {
    const { chat } = await import('./chat.ts')
    const system = flags.system !== undefined && { system: flags.system }
    const code = await chat(engine, { ...system, request, color, stats: Boolean(flags.stats) }, terminal)
    if (code === INTERRUPTED) throw new Interrupted()
  } else await runOnce(engine, prompt, flags, { request, color }, terminal)
}
