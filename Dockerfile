# Builds the server from this folder: docker build -t agent-protocol-server .
# docs/deployment.md has compose, Helm and hosts without containers.
ARG DOTNET_VERSION=10.0

# No shell, no package manager, nothing to break into; `extra` brings the time zones that crons need. Agents of the kind
# `process` want a shell and their own programs: build with BASE=mcr.microsoft.com/dotnet/aspnet:10.0, or go on from there.
ARG BASE=mcr.microsoft.com/dotnet/aspnet:${DOTNET_VERSION}-noble-chiseled-extra

# The build runs on the builder's own platform and compiles for the wanted one: emulation would take many times as long.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION} AS build
ARG TARGETARCH
ARG UseHangfire=true
ENV DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
WORKDIR /source
COPY .editorconfig Directory.Build.props Directory.Packages.props global.json ./
COPY src/ src/
RUN --mount=type=cache,target=/root/.nuget/packages \
    case "$TARGETARCH" in amd64) arch=x64 ;; *) arch=$TARGETARCH ;; esac \
    && dotnet publish src/AgentProtocolServer -c Release -r "linux-$arch" --no-self-contained -p:UseHangfire=$UseHangfire -o /app

FROM ${BASE}
COPY --from=build /app /app
# `docker compose exec node-1 agentprotocol key list` finds the executable. The base image's own port would only cause a warning.
ENV PATH=/app:$PATH \
    ASPNETCORE_HTTP_PORTS= \
    Server__Urls=http://*:8123 \
    Server__Roles=both
# agents.json is looked for here first.
WORKDIR /etc/agent-protocol-server
# A number, because Kubernetes cannot tell whether a name is root. It is the user `app` of the base image.
USER 1654
EXPOSE 8123
# Without a shell there is no curl either: the executable asks itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/app/agentprotocol", "health"]
ENTRYPOINT ["/app/agentprotocol"]
CMD ["serve"]
