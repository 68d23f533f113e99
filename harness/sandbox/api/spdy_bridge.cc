#include "harness/sandbox/api/spdy_bridge.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "harness/base/strings.h"
#include "harness/sandbox/api/agent_link.h"
#include "harness/sandbox/api/spdy_codec.h"

namespace holdfast::sandbox {
namespace {

// Beyond it nothing more is read from the client until an agent has taken something.
constexpr size_t kMostPending = 1U << 20U;
constexpr char kClosed = '\0';

std::string Header(const SpdyHeaders& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

// What both kinds of sessions share: the client's frames in and out.
class Session {
 public:
  explicit Session(ByteChannel& client) : client_(client) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  void Start() { ReadClient(); }

 protected:
  virtual void Opened(uint32_t stream, const SpdyHeaders& headers) = 0;
  virtual void Received(uint32_t stream, const std::string& data, bool fin) = 0;
  virtual void Abandoned(uint32_t stream) = 0;
  // The client is gone.
  virtual void Ended() = 0;
  [[nodiscard]] virtual size_t Pending() const = 0;

  // `then` is called when the client's side of the line has taken it.
  void Send(std::string frame, std::function<void()> then = {}) {
    if (gone_) return;
    outgoing_.push_back({std::move(frame), std::move(then)});
    if (outgoing_.size() == 1) Write();
  }
  // After all that was sent.
  void Finish() {
    Send("", [this] { End(); });
  }
  // For agents that have taken something.
  void ReadOn() {
    if (paused_ && Pending() < kMostPending) {
      paused_ = false;
      ReadClient();
    }
  }

  SpdyWriter writer_;

 private:
  struct Outgoing {
    std::string frame;
    std::function<void()> then;
  };

  void End() {
    if (gone_) return;
    gone_ = true;
    client_.Close();
    Ended();
  }
  void ReadClient() {
    if (Pending() >= kMostPending) {
      paused_ = true;
      return;
    }
    client_.Read([this](bool ok, std::string_view bytes) {
      if (!ok || gone_) return End();
      reader_.Feed(bytes);
      while (true) {
        const auto frame = reader_.Next();
        if (!frame) return End();
        if (!*frame) break;
        Handle(**frame);
        if (gone_) return;
      }
      ReadClient();
    });
  }
  void Handle(const SpdyFrame& frame) {
    switch (frame.kind) {
      case SpdyFrame::Kind::kOpen:
        Send(writer_.Reply(frame.stream));
        Opened(frame.stream, frame.headers);
        if (frame.fin) Received(frame.stream, "", true);
        break;
      case SpdyFrame::Kind::kData:
        Received(frame.stream, frame.data, frame.fin);
        break;
      case SpdyFrame::Kind::kReset:
        Abandoned(frame.stream);
        break;
      case SpdyFrame::Kind::kPing:
        Send(SpdyWriter::Ping(frame.stream));
        break;
      case SpdyFrame::Kind::kGoAway:
        End();
        break;
      case SpdyFrame::Kind::kOther:
        break;
    }
  }
  void Write() {
    client_.Write(outgoing_.front().frame, [this](bool ok) {
      const std::function<void()> then = std::move(outgoing_.front().then);
      outgoing_.pop_front();
      if (!ok) return End();
      if (!outgoing_.empty()) Write();
      if (then) then();
    });
  }

  ByteChannel& client_;
  SpdyReader reader_;
  std::deque<Outgoing> outgoing_;
  bool paused_ = false;
  bool gone_ = false;
};

// The agent's command has run since before the upgrade; what it says waits until the client has
// opened all streams.
class CommandSession : public Session {
 public:
  CommandSession(boost::asio::io_context& context,
                 ByteChannel& client,
                 const CommandStreams& streams,
                 AgentStream agent)
      : Session(client),
        agent_(std::make_shared<AgentLink>(context, std::move(agent))),
        missing_{"error"} {
    if (streams.in) missing_.insert("stdin");
    if (streams.out) missing_.insert("stdout");
    if (streams.err) missing_.insert("stderr");
    if (streams.resize) missing_.insert("resize");
  }

 private:
  void Opened(uint32_t stream, const SpdyHeaders& headers) override {
    const std::string type = Header(headers, "streamtype");
    if (missing_.erase(type) == 0) return Send(SpdyWriter::Reset(stream));
    streams_[type] = stream;
    if (missing_.empty())
      agent_->Pump([this](const Frame& frame, const AgentLink::Next& next) { Tell(frame, next); },
                   [this] { Finish(); });
  }
  void Received(uint32_t stream, const std::string& data, bool fin) override {
    const auto written = [this] { ReadOn(); };
    if (Is(stream, "stdin")) {
      if (!data.empty()) agent_->Send(EncodeFrame(kStdinChannel, data), written);
      if (fin) agent_->Send(EncodeFrame(kCloseChannel, {&kClosed, 1}), written);
    } else if (Is(stream, "resize") && !data.empty()) {
      agent_->Send(EncodeFrame(kResizeChannel, data), written);
    }
  }
  void Abandoned(uint32_t stream) override { Received(stream, "", true); }
  void Ended() override { agent_->Close(); }
  [[nodiscard]] size_t Pending() const override { return agent_->pending(); }

  [[nodiscard]] bool Is(uint32_t stream, const char* type) const {
    const auto found = streams_.find(type);
    return found != streams_.end() && found->second == stream;
  }
  void Tell(const Frame& frame, const AgentLink::Next& next) {
    const char* type = frame.channel == kStdoutChannel   ? "stdout"
                       : frame.channel == kStderrChannel ? "stderr"
                       : frame.channel == kStatusChannel ? "error"
                                                         : "";
    const auto found = streams_.find(type);
    if (found == streams_.end()) return next();
    if (frame.channel != kStatusChannel)
      return Send(SpdyWriter::Data(found->second, frame.payload, false), next);
    Send(SpdyWriter::Data(found->second, frame.payload, true));
    for (const auto& [name, stream] : streams_)
      if (name != "error") Send(SpdyWriter::Data(stream, "", true));
    Finish();
  }

  std::shared_ptr<AgentLink> agent_;
  std::set<std::string> missing_;
  std::map<std::string, uint32_t> streams_;
};

// Each connection of kubectl's listener is two streams with one request id: data and errors.
class ForwardSession : public Session {
 public:
  ForwardSession(boost::asio::io_context& context, ByteChannel& client, const PortOpener& open)
      : Session(client),
        context_(context),
        open_(open) {}

 private:
  struct Connection {
    uint32_t error = 0;
    uint32_t data = 0;
    std::shared_ptr<AgentLink> agent;
    std::set<uint8_t> begun;  // Channels whose first frame, the port's number, has come.
    bool told_end = false;    // The client knows that the pod sends no more.
  };
  using Connections = std::map<std::string, Connection>;

  void Opened(uint32_t stream, const SpdyHeaders& headers) override {
    const std::string type = Header(headers, "streamtype");
    const auto port = ParseInt(Header(headers, "port"));
    if ((type != "error" && type != "data") || !port || *port < 1 || *port > 65535)
      return Send(SpdyWriter::Reset(stream));
    // Old clients send no id, and open the stream of errors right before that of data.
    std::string request = Header(headers, "requestid");
    if (request.empty()) request = std::to_string(type == "data" ? stream - 2 : stream);
    Connection& connection = connections_[request];
    request_of_[stream] = request;
    if (type == "error") {
      connection.error = stream;
      return;
    }
    connection.data = stream;
    auto agent = open_(static_cast<int>(*port));
    if (!agent) {
      Send(SpdyWriter::Data(connection.error, agent.error().message, true));
      return Drop(request);
    }
    connection.agent = std::make_shared<AgentLink>(context_, *std::move(agent));
    connection.agent->Pump(
        [this, request](const Frame& frame, const AgentLink::Next& next) {
          Tell(request, frame, next);
        },
        [this, request] { Drop(request); });
  }
  void Received(uint32_t stream, const std::string& data, bool fin) override {
    Connection* connection = OfData(stream);
    if (connection == nullptr || !connection->agent) return;
    const auto written = [this] { ReadOn(); };
    if (!data.empty()) connection->agent->Send(EncodeFrame(0, data), written);
    if (fin) connection->agent->Send(EncodeFrame(kCloseChannel, {&kClosed, 1}), written);
  }
  void Abandoned(uint32_t stream) override {
    Connection* connection = OfData(stream);
    if (connection == nullptr) return;
    connection->told_end = true;  // Nothing more is said on a stream that the client gave up.
    Drop(std::string(request_of_[stream]));
  }
  void Ended() override {
    for (auto& [request, connection] : connections_)
      if (connection.agent) connection.agent->Close();
    connections_.clear();
  }
  [[nodiscard]] size_t Pending() const override {
    size_t pending = 0;
    for (const auto& [request, connection] : connections_)
      if (connection.agent) pending += connection.agent->pending();
    return pending;
  }

  Connection* OfData(uint32_t stream) {
    const auto request = request_of_.find(stream);
    if (request == request_of_.end()) return nullptr;
    const auto found = connections_.find(request->second);
    return found != connections_.end() && found->second.data == stream ? &found->second : nullptr;
  }
  void Tell(const std::string& request, const Frame& frame, const AgentLink::Next& next) {
    const auto found = connections_.find(request);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    if (frame.channel == kCloseChannel) {
      if (std::exchange(connection.told_end, true)) return next();
      return Send(SpdyWriter::Data(connection.data, "", true), next);
    }
    if (connection.begun.insert(frame.channel).second) return next();
    Send(SpdyWriter::Data(frame.channel == 0 ? connection.data : connection.error, frame.payload,
                          false),
         next);
  }
  void Drop(const std::string& request) {
    const auto found = connections_.find(request);
    if (found == connections_.end()) return;
    const Connection connection = found->second;
    if (connection.agent) connection.agent->Close();
    request_of_.erase(connection.data);
    request_of_.erase(connection.error);
    connections_.erase(found);
    if (!connection.told_end) Send(SpdyWriter::Data(connection.data, "", true));
    if (connection.agent) Send(SpdyWriter::Data(connection.error, "", true));
    ReadOn();
  }

  boost::asio::io_context& context_;
  const PortOpener& open_;
  Connections connections_;
  std::map<uint32_t, std::string> request_of_;
};

}  // namespace

void BridgeSpdyCommand(boost::asio::io_context& context,
                       ByteChannel& client,
                       const CommandStreams& streams,
                       AgentStream agent) {
  CommandSession session(context, client, streams, std::move(agent));
  session.Start();
  context.run();
}

void BridgeSpdyForward(boost::asio::io_context& context, ByteChannel& client, const PortOpener& open) {
  ForwardSession session(context, client, open);
  session.Start();
  context.run();
}

}  // namespace holdfast::sandbox
