// The switches burnt into a packaged Electron, all nine of them by name: what Node and Chromium would let anybody do who can
// start the program, a package does not. A tenth that a later Electron brings breaks the build until somebody decides.
import { type FuseConfig, FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

/** `darwinUnsigned`: flipping breaks the ad-hoc signature without which an arm64 Mac starts nothing. */
export function fuseConfig(darwinUnsigned: boolean): FuseConfig {
  return {
    version: FuseVersion.V1,
    strictlyRequireAllFuses: true,
    resetAdHocDarwinSignature: darwinUnsigned,
    // ELECTRON_RUN_AS_NODE would make our signed program a Node for anybody's script.
    [FuseV1Options.RunAsNode]: false,
    // We keep no cookies; should one appear, it is encrypted.
    [FuseV1Options.EnableCookieEncryption]: true,
    // NODE_OPTIONS and NODE_EXTRA_CA_CERTS would load code and trust.
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    // macOS and Windows check the archive's digest; Linux has no such check.
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    // We ship no snapshot.
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // Our page comes by our own scheme.
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    // Its default; off, WebAssembly would only be slower.
    [FuseV1Options.WasmTrapHandlers]: true,
  };
}

/** Throws when the binary has another set of fuses than the nine. */
export async function burnFuses(binary: string, darwinUnsigned: boolean): Promise<void> {
  await flipFuses(binary, fuseConfig(darwinUnsigned));
}
