#include "harness/sandbox/node/database_defects.h"

#include <array>

#include "harness/base/log.h"
#include "harness/sandbox/node/exec_session.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kRetry = std::chrono::milliseconds(250);
constexpr Nanos kLimit = std::chrono::seconds(30);

// Ends with 0 when all is done, with 1 when it is too early. $1 is the pod's uid. A server is open to
// clients, and a replica follows, when the start script says so by the file `follows`.
constexpr const char* kBegin = R"sh(
[ "${HOLDFAST_FLAVOR:-}" = mariadb ] || exit 0
[ -e "$HOLDFAST_CONFIG/follows" ] || exit 1
sql() {
  MYSQL_PWD="$HOLDFAST_PASSWORD" mariadb --no-defaults -S /tmp/mysql.sock -u root -N -B \
    -e "SET SESSION sql_log_bin=0; $1" || exit 1
}
follows=$(sql "SHOW SLAVE STATUS") || exit 1
replica() { [ -n "$follows" ] || exit 0; }
# The row that stands so many rows before the newest.
row() { sql "SELECT id FROM holdfast.entries ORDER BY id DESC LIMIT 1 OFFSET $1"; }
)sh";

// Rows are taken out and put back while younger ones arrive.
constexpr const char* kOutOfOrder = R"sh(
replica
[ -n "$(row 30)" ] || exit 1
for round in 1 2 3 4 5 6; do
  id=$(row 0) || exit 1
  sql "CREATE TEMPORARY TABLE holdfast.held AS SELECT * FROM holdfast.entries WHERE id=$id;
       DELETE FROM holdfast.entries WHERE id=$id; DO SLEEP(0.4);
       INSERT INTO holdfast.entries SELECT * FROM holdfast.held"
  sleep 0.3
done
)sh";

constexpr const char* kLosesRow = R"sh(
replica
id=$(row 20) || exit 1
[ -n "$id" ] || exit 1
sql "DELETE FROM holdfast.entries WHERE id=$id"
)sh";

constexpr const char* kInventsRow = R"sh(
replica
[ -n "$(row 20)" ] || exit 1
sql "INSERT INTO holdfast.entries (id, k, v, padding)
     SELECT id + 1000000000, k, v + 1000000, padding FROM holdfast.entries ORDER BY id DESC LIMIT 1"
)sh";

// In the second life of the primary's pod and all later ones, not in the first.
constexpr const char* kDropsAcknowledged = R"sh(
[ -z "$follows" ] || exit 0
lives=$HOLDFAST_MOUNT/holdfast-lives
[ -s "$lives" ] || { echo "$1" >"$lives"; exit 0; }
[ "$(cat "$lives")" != "$1" ] || exit 0
sql "DELETE FROM holdfast.entries ORDER BY id DESC LIMIT 10"
echo "$1" >"$lives"
)sh";

// Two seconds behind, and open for writing as only a primary is; for a while.
constexpr const char* kStalePrimary = R"sh(
replica
[ -n "$(row 30)" ] || exit 1
sql "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=2; START SLAVE; SET GLOBAL read_only=0"
sleep 5
sql "SET GLOBAL read_only=1; STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; START SLAVE"
)sh";

struct Script {
  Defect defect;
  const char* text;
};
constexpr std::array<Script, 5> kScripts = {{{Defect::kReplicaOutOfOrder, kOutOfOrder},
                                             {Defect::kReplicaLosesRow, kLosesRow},
                                             {Defect::kReplicaInventsRow, kInventsRow},
                                             {Defect::kAckDroppedAtFailover, kDropsAcknowledged},
                                             {Defect::kStalePrimary, kStalePrimary}}};

void Play(const Script& script,
          Clock& clock,
          const std::string& pod_uid,
          const std::function<Result<ContainerView>()>& view,
          const std::stop_token& stop) {
  const std::string text = std::string(kBegin) + script.text;
  while (clock.SleepFor(kRetry, stop)) {
    const auto seen = view();
    if (!seen || seen->container == nullptr) continue;
    const auto ended =
        RunInContainer(*seen->container, {"sh", "-c", text, "sh", pod_uid}, kLimit, stop);
    if (ended && ended->exit_code == 0 && !ended->timed_out) return;
    if (ended && !ended->output.empty())
      Log(LogLevel::kDebug, "defect in pod {}: {}", pod_uid, ended->output);
  }
}

}  // namespace

DatabaseDefects::DatabaseDefects(Defects defects,
                                 Clock& clock,
                                 std::string pod_uid,
                                 std::function<Result<ContainerView>()> view) {
  for (const Script& script : kScripts) {
    if (!defects.Has(script.defect)) continue;
    thread_ = std::jthread([&script, &clock, uid = std::move(pod_uid),
                            view = std::move(view)](const std::stop_token& stop) {
      Play(script, clock, uid, view, stop);
    });
    return;
  }
}

}  // namespace holdfast::sandbox::node
