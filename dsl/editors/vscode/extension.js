// Extension: how does the editor find `wardline lsp` and speak with it?
//
// Everything an editor shows about a ward comes from the program that also runs it: this file starts it over standard input
// and output, and starts it again when the setting changes. Not here: colours (syntaxes/), brackets and indentation
// (language-configuration.json), and any knowledge of the language.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

/** The client that is running, if one is. */
let client;

async function start() {
  const command = vscode.workspace.getConfiguration("wardline").get("path", "wardline");
  const run = { command, args: ["lsp"], transport: TransportKind.stdio };
  const files = vscode.workspace.createFileSystemWatcher("**/*.{ward,rhai,toml}");
  client = new LanguageClient("wardline", "Wardline", { run, debug: run }, {
    documentSelector: [{ scheme: "file", language: "ward" }, { scheme: "untitled", language: "ward" }],
    synchronize: { fileEvents: files },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    files.dispose();
    const choice = await vscode.window.showErrorMessage(
      `Wardline: \`${command} lsp\` could not be started (${error.message}). Wards are coloured, and not checked.`,
      "Open settings",
    );
    if (choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "wardline.path");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("wardline.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("wardline.path")) {
        return restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
