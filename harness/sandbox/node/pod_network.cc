// The bridge and the pods' ends, through `ip -batch`: two short processes for each pod.
#include "harness/sandbox/node/pod_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/spawn.h"

namespace holdfast::sandbox::node {
namespace {

constexpr const char* kBridge = "pods0";

Status IpBatch(const std::string& commands, pid_t network) {
  ProcessOptions options;
  options.argv = {"ip", "-batch", "-"};
  if (network != 0)
    options.argv = {"nsenter", "-t", std::to_string(network), "-n", "ip", "-batch", "-"};
  options.input = commands;
  options.timeout = std::chrono::seconds(20);
  HOLDFAST_ASSIGN(const ProcessResult result, RunProcess(options));
  if (result.exit_code != 0)
    return Fail(ErrorCode::kUnavailable, "cannot set up the pod network: {}", Trim(result.err));
  return {};
}

}  // namespace

Result<std::unique_ptr<AddressPool>> AddressPool::Create(const std::string& cidr) {
  const std::vector<std::string> halves = Split(cidr, '/');
  const auto length = halves.size() == 2 ? ParseInt(halves[1]) : std::nullopt;
  in_addr network{};
  const bool parsed = ::inet_pton(AF_INET, halves[0].c_str(), &network) == 1;
  const uint32_t first = ntohl(network.s_addr);
  if (!parsed || !length || *length < 16 || *length > 28 ||
      (first & ((1U << (32U - static_cast<uint32_t>(*length))) - 1U)) != 0)
    return Fail(ErrorCode::kInvalidArgument,
                "pod CIDR '{}' is not usable: give a network such as 10.244.4.0/22", cidr);
  return std::unique_ptr<AddressPool>(new AddressPool(first, static_cast<int>(*length)));
}

std::string AddressPool::AddressText(int offset) const {
  const uint32_t address = network_ + static_cast<uint32_t>(offset);
  return fmt::format("{}.{}.{}.{}", address >> 24U, (address >> 16U) & 255U,
                     (address >> 8U) & 255U, address & 255U);
}

int AddressPool::OffsetOf(const std::string& address) const {
  in_addr parsed{};
  if (::inet_pton(AF_INET, address.c_str(), &parsed) != 1) return 0;
  const int64_t offset = int64_t{ntohl(parsed.s_addr)} - int64_t{network_};
  return offset > 0 && offset <= last_offset() ? static_cast<int>(offset) : 0;
}

Result<std::string> AddressPool::Take() {
  const std::scoped_lock lock(mutex_);
  for (int tries = 2; tries <= last_offset(); ++tries) {
    last_ = last_ >= last_offset() ? 2 : last_ + 1;
    if (taken_.insert(last_).second) return AddressText(last_);
  }
  return Fail(ErrorCode::kUnavailable, "the node's pod network {}/{} has no free address",
              AddressText(0), prefix_length_);
}

void AddressPool::Return(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  taken_.erase(OffsetOf(address));
}

Status SetUpBridge(const AddressPool& pool) {
  if (::if_nametoindex(kBridge) == 0)
    HOLDFAST_RETURN_IF_ERROR(IpBatch(
        fmt::format("link add name {0} type bridge\naddress add {1}/{2} dev {0}\nlink set {0} up\n",
                    kBridge, pool.gateway(), pool.prefix_length()),
        0));
  // Not atomic: this is no file that could be renamed over.
  const FileDescriptor forward(::open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC));
  if (!forward.valid())
    return Fail(ErrorCode::kUnavailable, "cannot turn IP forwarding on: {}", ErrnoText(errno));
  return WriteAll(forward.get(), "1", "/proc/sys/net/ipv4/ip_forward");
}

Result<std::unique_ptr<PodNetwork>> PodNetwork::Create(AddressPool& pool) {
  std::unique_ptr<PodNetwork> network(new PodNetwork(pool));
  HOLDFAST_ASSIGN(network->address_, pool.Take());
  HOLDFAST_RETURN_IF_ERROR(network->StartHolder());
  HOLDFAST_RETURN_IF_ERROR(network->Connect());
  return network;
}

Status PodNetwork::StartHolder() {
  HOLDFAST_ASSIGN(PipeEnds ready, MakePipe());
  HOLDFAST_ASSIGN(holder_, Spawn({.argv = {SelfProgram(), "__pod-holder"},
                                  .environment = OwnEnvironment(),
                                  .descriptors = {{ready.write.get(), 1}}}));
  ready.write.Close();
  pollfd one{ready.read.get(), POLLIN, 0};
  std::array<char, 16> answer{};
  if (::poll(&one, 1, 10000) <= 0 || ::read(ready.read.get(), answer.data(), answer.size()) <= 0)
    return Fail(ErrorCode::kUnavailable,
                "the pod's network namespace could not be made: does this machine allow network "
                "namespaces?");
  return {};
}

Status PodNetwork::Connect() {
  const std::string host_side = HostSide();
  // A node agent before this one may have left a link of that name behind.
  if (::if_nametoindex(host_side.c_str()) != 0)
    static_cast<void>(IpBatch(fmt::format("link delete {}\n", host_side), 0));
  HOLDFAST_RETURN_IF_ERROR(IpBatch(
      fmt::format("link add name {0} type veth peer name eth0 netns {1}\nlink set {0} master {2} "
                  "up\n",
                  host_side, holder_, kBridge),
      0));
  return IpBatch(fmt::format("address add {}/{} dev eth0\nlink set eth0 up\nroute add default via "
                             "{}\n",
                             address_, pool_.prefix_length(), pool_.gateway()),
                 holder_);
}

std::string PodNetwork::HostSide() const {
  return fmt::format("veth{}", pool_.OffsetOf(address_));
}

PodNetwork::~PodNetwork() {
  if (holder_ != 0) {
    // Deleting the node's end takes the pod's end at once; the namespace may live on for a moment.
    const std::string host_side = HostSide();
    ProcessOptions remove;
    remove.argv = {"ip", "link", "delete", host_side};
    remove.timeout = std::chrono::seconds(20);
    static_cast<void>(RunProcess(remove));
    ::kill(holder_, SIGKILL);
    WaitForExit(holder_);
  }
  if (!address_.empty()) pool_.Return(address_);
}

}  // namespace holdfast::sandbox::node
