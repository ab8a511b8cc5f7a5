// Ready lines that fetch a fresh token, for four languages. They hold the name of an environment variable, never a key.

export interface ScriptLines {
  readonly language: string;
  readonly lines: string;
}

/** `endpoint`: such as http://127.0.0.1:9595, null where only `socket` is open. `name`: provider/account. */
export function scriptLines(
  endpoint: string | null,
  name: string,
  socket: string | null = null,
): readonly ScriptLines[] {
  const path = `/v1/token/${name.split('/').map(encodeURIComponent).join('/')}`;
  if (endpoint === null) {
    const curl = `curl -fsS --unix-socket '${socket}' -H "Authorization: Bearer $TOKENTRAY_KEY"`;
    return [
      { language: 'sh', lines: `token=$(${curl} \\\n  -H "Accept: text/plain" http://localhost${path})` },
    ];
  }
  const url = endpoint.replace(/\/$/, '') + path;
  return [
    {
      language: 'sh',
      lines: `token=$(curl -fsS -H "Authorization: Bearer $TOKENTRAY_KEY" \\\n  -H "Accept: text/plain" ${url})`,
    },
    {
      language: 'Python',
      lines: `import os, urllib.request\nrequest = urllib.request.Request("${url}", headers={\n    "Authorization": "Bearer " + os.environ["TOKENTRAY_KEY"],\n    "Accept": "text/plain"})\ntoken = urllib.request.urlopen(request).read().decode()`,
    },
    {
      language: 'Node',
      lines: `const answer = await fetch("${url}", { headers: {\n  Authorization: "Bearer " + process.env.TOKENTRAY_KEY,\n  Accept: "text/plain" } });\nconst token = await answer.text();`,
    },
    {
      language: 'PowerShell',
      lines: `$headers = @{ Authorization = "Bearer $env:TOKENTRAY_KEY"; Accept = "text/plain" }\n$token = Invoke-RestMethod -Uri "${url}" -Headers $headers`,
    },
  ];
}
