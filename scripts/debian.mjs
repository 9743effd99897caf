// Programs of Debian for the tests that need them: found, or installed where that is a matter of one command.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** False: this user cannot install them here, or it failed. */
export function installDebian(...packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  console.log(`installing ${packages[0]}`)
  const apt = (...args) => spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  const install = () => apt('install', '-y', '--no-install-recommends', ...packages).status === 0
  return install() || (apt('update').status === 0 && install())
}

/** Servers are installed in containers only: elsewhere Debian would start them. */
export function installServers() {
  for (const [file, name, what] of [
    ['/usr/bin/redis-server', 'redis-server', 'the shared history'],
    ['/usr/sbin/nginx', 'nginx-light', 'the balancer'],
  ]) {
    if (existsSync(file) || (!existsSync('/run/systemd/system') && installDebian(name))) continue
    console.log(`there is no ${file}: install it (apt-get install ${name}); tests of ${what} are skipped`)
  }
}
