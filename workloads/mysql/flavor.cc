#include "workloads/mysql/flavor.h"

#include <map>
#include <optional>

#include "harness/base/strings.h"
#include "workloads/mysql/embedded.h"

namespace holdfast::workloads::mysql {
namespace {

std::optional<std::map<int64_t, int64_t>> Domains(std::string_view position) {
  std::map<int64_t, int64_t> domains;
  for (const std::string& entry : Split(position, ',')) {
    if (Trim(entry).empty()) continue;
    const std::vector<std::string> parts = Split(Trim(entry), '-');
    if (parts.size() != 3) return std::nullopt;
    const auto domain = ParseInt(parts[0]);
    const auto sequence = ParseInt(parts[2]);
    if (!domain || !sequence) return std::nullopt;
    domains[*domain] = *sequence;
  }
  return domains;
}

std::string SemiSync(Flavor flavor, bool primary) {
  // Ten seconds without a replica until the source goes on alone.
  if (flavor == Flavor::kMariaDb)
    return primary ? "rpl-semi-sync-master-enabled = ON\nrpl-semi-sync-master-timeout = 10000\n"
                     "rpl-semi-sync-master-wait-point = AFTER_SYNC\n"
                   : "rpl-semi-sync-slave-enabled = ON\n";
  return primary ? "plugin-load-add = semisync_source.so\nrpl-semi-sync-source-enabled = ON\n"
                   "rpl-semi-sync-source-timeout = 10000\n"
                 : "plugin-load-add = semisync_replica.so\nrpl-semi-sync-replica-enabled = ON\n";
}

}  // namespace

std::string ServerConfig(Flavor flavor, bool primary, bool semi_sync) {
  std::string text = embedded::mysql_common_cnf;
  // A new replica starts from the first transaction, so none is thrown away.
  if (flavor == Flavor::kMariaDb)
    text += "log-slave-updates = ON\ngtid-strict-mode = ON\nexpire-logs-days = 0\n";
  else
    text += "gtid-mode = ON\nenforce-gtid-consistency = ON\nmysqlx = OFF\n"
            "binlog-expire-logs-seconds = 0\n";
  if (!primary) {
    text += "read-only = ON\nrelay-log = relay\nrelay-log-recovery = ON\n";
    if (flavor == Flavor::kMySql) text += "super-read-only = ON\n";
  }
  if (semi_sync) text += SemiSync(flavor, primary);
  return text;
}

const char* PositionExpression(Flavor flavor) {
  return flavor == Flavor::kMariaDb ? "@@global.gtid_current_pos" : "@@global.gtid_executed";
}

std::optional<bool> MariaDbReached(std::string_view position, std::string_view wanted) {
  const auto have = Domains(position);
  const auto need = Domains(wanted);
  if (!have || !need) return std::nullopt;
  for (const auto& [domain, sequence] : *need) {
    const auto found = have->find(domain);
    if (found == have->end() || found->second < sequence) return false;
  }
  return true;
}

}  // namespace holdfast::workloads::mysql
