// The life of one watch: LIST, WATCH, resume, re-list, back-off; a state machine on the loop
// thread.
#ifndef HOLDFAST_HARNESS_KUBE_WATCH_H_
#define HOLDFAST_HARNESS_KUBE_WATCH_H_

#include <memory>
#include <string>
#include <vector>

#include "harness/kube/backoff.h"
#include "harness/kube/client.h"
#include "harness/kube/line_splitter.h"
#include "harness/kube/status.h"
#include "harness/kube/transport.h"

namespace holdfast::kube {

// Every member function runs on the loop thread. The rules, all from the API's own (KEP-365 paging,
// KEP-956 bookmarks):
//  - a list is told only when its last page has come; an expired page starts it over;
//  - a stream that ends or is cut goes on from the last version seen; nothing is lost by that;
//  - 410 or Expired, as an answer or as an ERROR event: the place is lost, OnGap, list again;
//  - a stream that fails at the same place three times (an event that is not JSON or too long, a
//    server that has gone back in time) has lost its place too.
class Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(std::shared_ptr<Transport> transport,
          Resource resource,
          std::string ns,
          WatchHandler& handler,
          const ClientOptions& options);
  void Start() { ListPage(); }
  // No handler call is made afterwards.
  void Close();

 private:
  void ListPage();
  void OnPage(const HttpAnswer& answer);
  void TellList();
  void OpenStream();
  void OnBytes(std::string_view bytes);
  bool OnLine(std::string_view line);
  void OnErrorEvent(const Json& status);
  void OnStreamEnd(const HttpAnswer& answer);
  // Something broke at the current place: the third time in a row the place is given up.
  void Stuck(Error error);
  void LosePlace(const std::string& reason);
  void ForgetList();
  void EndStream();
  // Tells the trouble and goes on (listing or streaming, as the place is known or not) after a
  // back-off of at least `least`.
  void RetryAfter(const Error& error, Nanos least = Nanos{0});
  void Continue();
  void FillKind(Json& object) const;

  const std::shared_ptr<Transport> transport_;
  const Resource resource_;
  const std::string ns_;
  WatchHandler* handler_;
  const ClientOptions options_;
  Backoff backoff_;
  Random random_;
  LineSplitter splitter_;

  bool closed_ = false;
  bool listed_ = false;  // A list has been told and `version_` is the place.
  bool told_once_ = false;
  std::string version_;
  int stuck_ = 0;
  uint64_t exchange_ = 0;
  bool progress_ = false;  // The current stream has brought a good line.

  // Of the list being read.
  std::string continue_;
  std::string list_version_;
  std::vector<Json> items_;
  int restarts_ = 0;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_WATCH_H_
