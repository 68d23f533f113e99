// The loop: events in, keys out, one sync at a time.
#include "harness/sandbox/controllers/controller_loop.h"

#include <algorithm>

#include "harness/base/log.h"

namespace holdfast::sandbox {
namespace {

// The longest wait for an event: how long Stop may take, since only the end of the store wakes a
// waiter.
constexpr Nanos kLongestWait = std::chrono::milliseconds(100);
// How many times as long as its sync a key rests, and at most for how long.
constexpr int kRestFactor = 3;
constexpr Nanos kLongestRest = std::chrono::milliseconds(200);

}  // namespace

ControllerLoop::ControllerLoop(Store& store,
                               Clock& clock,
                               std::vector<std::unique_ptr<Controller>> controllers,
                               std::unique_ptr<ClusterIndex> index)
    : store_(store),
      clock_(clock),
      index_(std::move(index)) {
  for (std::unique_ptr<Controller>& controller : controllers) {
    members_.push_back(Member{std::move(controller), WorkQueue(clock_)});
  }
}

ControllerLoop::~ControllerLoop() { Stop(); }

void ControllerLoop::ResyncAll() {
  seen_ = store_.Version();
  if (index_ != nullptr) index_->Rebuild(store_);
  for (Member& member : members_)
    member.controller->Resync(member.queue);
}

void ControllerLoop::TakeEvents(Nanos wait) {
  uint64_t up_to = seen_;
  Result<std::vector<StoreEvent>> events = store_.EventsAfter("", seen_, wait, &up_to);
  if (!events) {
    ResyncAll();
    return;
  }
  for (const StoreEvent& event : *events) {
    seen_ = std::max(seen_, event.version);
    // Nobody acts on Events, and they are the most frequent objects of all.
    if (event.resource == "events") continue;
    if (index_ != nullptr) index_->Apply(event);
    for (Member& member : members_)
      member.controller->Observe(event, member.queue);
  }
  seen_ = std::max(seen_, up_to);
}

bool ControllerLoop::SyncOnce() {
  if (!started_) {
    started_ = true;
    ResyncAll();
  }
  TakeEvents(Nanos{0});
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[turn_];
    turn_ = (turn_ + 1) % members_.size();
    const std::optional<std::string> key = member.queue.Take();
    if (!key) continue;
    const Nanos began = clock_.Now();
    const Status done = member.controller->Sync(*key, member.queue);
    member.queue.Rest(*key, std::min(kLongestRest, (clock_.Now() - began) * kRestFactor));
    if (done) {
      member.queue.Forget(*key);
    } else {
      Log(LogLevel::kDebug, "{} will try {} again: {}", member.controller->name(), *key,
          done.error().message);
      member.queue.AddRateLimited(*key);
    }
    return true;
  }
  return false;
}

size_t ControllerLoop::SyncAll(size_t limit) {
  size_t syncs = 0;
  while (syncs < limit && SyncOnce())
    ++syncs;
  return syncs;
}

Nanos ControllerLoop::UntilDue() const {
  Nanos wait = kLongestWait;
  for (const Member& member : members_) {
    wait = std::min(wait, member.queue.NextDue().value_or(kLongestWait));
  }
  return wait;
}

void ControllerLoop::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!SyncOnce()) TakeEvents(UntilDue());
  }
}

void ControllerLoop::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void ControllerLoop::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace holdfast::sandbox
