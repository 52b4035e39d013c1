/** Options that commands share. */
import { Option } from 'commander'

/** The configuration that a command cannot do without. */
export function configOption(): Option {
  return new Option('-c, --config <FILE>', 'the configuration').makeOptionMandatory()
}

/** How commands that ask a running service find it, and how they answer. */
export function askingOptions(): Option[] {
  return [
    new Option('-c, --config <FILE>', 'its configuration: api.listen says where it answers').conflicts('url'),
    new Option('--url <URL>', 'where it answers (default: http://127.0.0.1:8080)'),
    new Option('--json', "prints the API's JSON"),
  ]
}

export function routerOption(): Option {
  return new Option('--router <NAME>', 'of this router only')
}
