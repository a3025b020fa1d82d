/** The page of the chat: sends questions, shows answers while they stream, stops them, and shows what they cost. */
const element = (id) => document.getElementById(id)
const [list, form, question, send, stop, available, topUp] = [
  'messages',
  'form',
  'question',
  'send',
  'stop',
  'available',
  'top-up',
].map(element)

const messages = []
let running = null

function add(kind, text = '') {
  const paragraph = document.createElement('p')
  paragraph.className = kind
  paragraph.textContent = text
  list.append(paragraph)
  list.scrollTop = list.scrollHeight
  return paragraph
}

async function showBalance() {
  const response = await fetch('/balance')
  available.textContent = (await response.json()).available
}

/** The lines of a stream, as soon as each is whole. */
async function* linesOf(stream) {
  let rest = ''
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    yield* lines
  }
}

async function ask(text) {
  messages.push({ role: 'user', content: text })
  add('user', text)
  const answer = add('assistant')
  const note = add('note')
  running = new AbortController()
  setRunning(true)
  try {
    const response = await fetch('/chat', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: crypto.randomUUID(), messages }),
      signal: running.signal,
    })
    for await (const line of linesOf(response.body)) {
      const { text: piece, cost, error } = JSON.parse(line)
      if (piece !== undefined) answer.textContent += piece
      if (cost !== undefined) note.textContent = `${cost} credits`
      if (error !== undefined) {
        note.classList.add('error')
        note.textContent = error
      }
      list.scrollTop = list.scrollHeight
    }
  } catch (error) {
    note.textContent = error.name === 'AbortError' ? 'Stopped. You pay for what you got.' : 'The connection was lost.'
  } finally {
    // A question without an answer is not part of what the model is asked next.
    if (answer.textContent === '') messages.pop()
    else messages.push({ role: 'assistant', content: answer.textContent })
    setRunning(false)
    // A stopped answer is settled a moment later.
    setTimeout(showBalance, 200)
  }
}

function setRunning(isRunning) {
  send.hidden = isRunning
  stop.hidden = !isRunning
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const text = question.value
  question.value = ''
  void ask(text)
})
stop.addEventListener('click', () => running?.abort())
topUp.addEventListener('click', () => {
  void fetch('/top-up', { method: 'POST' }).then(showBalance)
})
await showBalance()
