/** Prices of model calls, and the shell. In Chinese, by the English text. */
export const PRICES_IN_CHINESE: Readonly<Record<string, string>> = {
  'Makes, compares and checks the files with the prices of model calls. They need no ledger.':
    '制作、比较和检查模型调用的价格文件。不需要账本。',
  'Makes a new version of the prices from CSV, from JSON, or from the published list of models.dev or LiteLLM, and prints it. A version is never changed: an existing file is not overwritten.':
    '从 CSV、JSON，或 models.dev、LiteLLM 公布的价目表制作价格的新版本，并打印出来。版本一经产生永不修改：不会覆盖已有的文件。',
  'CSV with the columns provider, model, input, output, …; or JSON':
    '带有 provider、model、input、output 等列的 CSV，或 JSON',
  'what the file is (default: from its name and content)': '文件的类型（默认：根据文件名和内容）',
  'the name of the new version, such as 2030-01': '新版本的名字，例如 2030-01',
  'when it comes into force': '何时生效',
  'minor units for one unit of the currency of the prices': '价格所用货币的一个单位折合多少最小单位',
  'added to all prices': '在所有价格上加收',
  'who gains by the rounding of a bill': '账单舍入的差额归谁',
  'asset that is charged': '收费所用的资产',
  'only models whose provider/model begins with one of these': '只取 provider/model 以这些之一开头的模型',
  'write the version into this file': '把版本写入此文件',
  'Shows what differs between two versions of the prices.': '显示两个价格版本之间的差异。',
  'file of a version': '一个版本的文件',
  'file of a later version': '较晚版本的文件',
  'Reads all versions of the prices together, as a program does, and reports what looks wrong. Exits 1 for a finding.':
    '像程序那样一起读取全部价格版本，并报告看起来有误的地方。有发现时退出码为 1。',
  'the files of all versions': '全部版本的文件',
  'Computes the bill of an entry again, from the usage and the version in its metadata. Exits 1 if it comes to another amount.':
    '按元数据中的用量和版本，重新计算一条分录的账单。金额不同时退出码为 1。',
  'the id of the entry, such as call-1:bill': '分录的 ID，例如 call-1:bill',
  'the files of all versions of the prices': '全部价格版本的文件',
  'Prints the completion script of a shell. For bash, add to ~/.bashrc: source <(holdfast completion bash). For zsh, add to ~/.zshrc after compinit: source <(holdfast completion zsh). For fish: holdfast completion fish > ~/.config/fish/completions/holdfast.fish.':
    '打印 shell 的补全脚本。bash：在 ~/.bashrc 中加入 source <(holdfast completion bash)。zsh：在 ~/.zshrc 的 compinit 之后加入 source <(holdfast completion zsh)。fish：holdfast completion fish > ~/.config/fish/completions/holdfast.fish。',
  'the shell': '哪种 shell',
}
