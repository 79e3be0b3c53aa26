"""Names with values, commands, addresses and manifests: the finer rules, each beside its twin.

The values are put together here, so that no scanner of files takes these lines for leaks.
"""

from __future__ import annotations

import json

import pytest

from delegate.masking.assignments import assignments
from delegate.masking.detectors import Detector
from delegate.masking.prefilter import STEMS
from delegate.masking.text import TextScanner
from tests.masking.samples import EMAIL

SCANNER = TextScanner()
V = "Xk39" + "dk2ss"
"""A value that nobody could take for a word."""

LONG = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"


def found(text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in SCANNER.scan(text)]


@pytest.mark.parametrize(
    "text",
    [
        f"password={V}",
        f"password: {V}",
        f'"password" : "{V}"',
        f"'password' => '{V}'",
        f"password := `{V}`",
        f"var password string = {V}",
        f"password: str = '{V}'",
        f"password[0] = {V}",
        f"<password>\n  {V}\n</password>",
        f'<add key="password" value="{V}" />',
        f"- name: password\n  value: {V}",
        f"--password {V} --host x",
        f"--password={V}",
        f"define('PASSWORD', '{V}')",
        f"password('{V}')",
        f'"{V}" == password',
        f"my password is {V}.",
        f"username admin password 7 {V}",
        f"IDENTIFIED BY '{V}'",
        f"identified by {V};",
        f"IDENTIFIED BY PASSWORD '{V}'",
        f"a=1&password={V}&b=2",
        f'password = @"{V}"',
        f'password = \\"{V}\\"',
        f"client secret: {V}",
        f"token: {LONG}",
        f"Authorization: Bearer {V}",
        f"Authorization: {V}",
        f"authorization=token {V}",
        f"Bearer {LONG}",
        f"access_token=Bearer {V}",
        f"Cookie: a={V}",
        f"{{password: {V}}}",
        f"password:\n  {V}",
        f"userPassword:: {V}",
        f'<property name="db.password">{V}</property>',
        f'<property name="db.password">\n  <value>{V}</value>',
        f"<key>password</key>\n  <string>{V}</string>",
        f"<password><![CDATA[{V}]]></password>",
        f'variable "db_password" {{ default = "{V}" }}',
        f'variable "db_password" {{\n  type = string\n  sensitive = true\n  default = "{V}"\n}}',
        f'password || "{V}"',
        f'password ?? "{V}"',
        f'password.equals("{V}")',
        f"token {LONG}",
        f"bindpw {V}",
        f"credentials: bob:{V}",
        "password=river" + "2024.x",
        "password = river" + "2024_x",
        "the password is river" + "2024.x",
        f"https://{LONG}:x-oauth-basic@example.com",
    ],
)
def test_a_value_is_found(text: str) -> None:
    assert any(V in each or LONG in each or "river" in each for each in found(text)), found(text)


def test_the_value_alone_is_found() -> None:
    assert found(f"user=bob&password={V}&x=1") == [V]
    assert found(f"Authorization: Basic {V}, and more") == [f"{V}, and more"]
    assert found(f"f(password={V})") == [V]
    assert found(f'password="{V} \\" {V}"') == [f'{V} \\" {V}']
    assert found(f'password="{V}\nnext') == [V]
    assert found(f'password="{V}\0next"') == [V]
    assert found(f'password="{V}') == [V]
    assert found(f"<password><![CDATA[{V}]]></password>") == [V]
    assert found("https://bob:x-oauth-basic@example.com") == ["x-oauth-basic"]
    assert found(f"https://{LONG}:x-oauth-basic@example.com") == [LONG, "x-oauth-basic"]
    assert found(f"Authorization: {V} second") == [V]
    assert found(f"postgres://bob:{V}@db/x") == [V]


@pytest.mark.parametrize(
    "text",
    [
        "password = os.environ['PASSWORD']",
        "password = get_password()",
        "password = user_password",
        "password = yours and mine",
        "password: the link expires soon",
        "password: required.",
        "password: ${PASSWORD}",
        "password=",
        "password: ",
        "password=ab",
        "secret=abc",
        "password=password",
        "db_secret='db_secret'",
        "passwords are hashed",
        "['password', 'username']",
        'token "of appreciation"',
        "token of appreciation",
        "the token is valid",
        "token = next(iterator)",
        "<b>token</b> is a word",
        "token>value",
        "arn:aws:secretsmanager:x:1:secret:prod/db",
        "cookie: accepted",
        "basic usage",
        "rebasic " + LONG,
        "Bearer of news",
        "identified by",
        "identified by ${X}",
        "== password",
        "x = password",
        '"short" == token',
        "[MASKED:password]: [MASKED:password]",
        "[MASKED:token]: " + LONG,
        "https://MASKED-url-password@example.com",
        "password: [MASKED:password]",
        "MASKED-token=" + LONG,
        "my password is secret.",
        "password was changed()",
        "password " + "x" * 20,
        "password\0" + V,
        "password = ,",
        "password > x <",
        "password>" + V + "<",
        '<string name="bad_password">Wrong password 1!</string>',
        f'<label for="password">{V}</label>',
        f"x</key><key>password</key> {V}",
        f"password</key><string>{V}</string>",
        'password || "Enter one"',
        'key ?? "default_value"',
        "password::new",
        "token " + "x" * 30,
        "key " + LONG,
        "token " + LONG[:19],
        'variable "db_password" { description = "it" }',
        "credentials: https://example.com",
        "credentials: bob:secretly",
        "password = user2024_name",
        "password = config2024.password",
    ],
)
def test_nothing_is_found(text: str) -> None:
    assert found(text) == []


def test_what_stands_before_a_name_at_the_beginning_is_not_looked_for_at_the_end() -> None:
    """A marker or a scheme before it makes it none: not one that the text ends with."""
    for end in (" [MASKED:", " ://"):
        assert found(f"password={V}{end}") == [V]
        assert found(f"{EMAIL}{end}") == [EMAIL]
    assert found(f"[MASKED:password={V}") == found(f"ssh://{EMAIL}") == []


def assigned(text: str) -> list[tuple[str, str]]:
    """What the grammar of assignments alone finds, and as what."""
    return [(text[hit.start : hit.end], hit.kind) for hit in assignments(text, text.lower(), STEMS)]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        (f'"{V}" == password', V, "password"),
        (f'x = "{V}" !=\npassword', V, "password"),
        (f"bearer {LONG}, x", LONG, "authorization"),
        (f"Basic {LONG}", LONG, "authorization"),
        (f"token {LONG[:20]}", LONG[:20], "token"),
        (f"csrf secret: {V}", V, "secret"),
        ("--password correcthorse --host x", "correcthorse", "password"),
        ("--password user_secret --host x", "user_secret", "password"),
        ("password=user_password", "user_password", "password"),
        ("password = letmein", "letmein", "password"),
        ("password = Letmein and more", "Letmein", "password"),
        ("access_token=Bearer swordfish", "swordfish", "token"),
        ("api_key: Basic swordfish, x", "swordfish, x", "key"),
        (f'name="password">{V}</property>', V, "password"),
        (f"<password>{V}", V, "password"),
        (f"<a><password>{V}</password></a>", V, "password"),
        (f'password="{V}\\"" x="y"', f'{V}\\"', "password"),
        (f'password="{V}\\\\" x="y"', f"{V}\\\\", "password"),
        (f'password="old token", "{LONG}"', "old token", "password"),
        (f"IDENTIFIED BY '{V}' x", V, "password"),
        (f'let password = String::from("{V}");', V, "password"),
        (f'.password(Some("{V}"))', V, "password"),
        (f"password => Sensitive('{V}')", V, "password"),
        (f'password = ("{V}")', V, "password"),
        (f'["password"]=>\n  string(9) "{V}"', V, "password"),
        (f'std::string password{{"{V}"}}', V, "password"),
        (f'Dim password As String = "{V}"', V, "password"),
        (f'string Password {{ get; private set; }} = "{V}";', V, "password"),
        (f"**Password**: {V}", V, "password"),
        (f"**API key:** {V}", V, "key"),
        (f'{{"password": {{"value": "{V}"}}}}', V, "password"),
        (f"DBPassword:\n  Type: String\n  Default: {V}", V, "password"),
        (f"ParameterKey=Password,ParameterValue={V}", V, "password"),
        (f"define( 'AUTH_KEY',         '{V} {V}' );", f"{V} {V}", "key"),
        (f'<meta name="api-key" content="{V}">', V, "key"),
        (f"<Password><Value>{V}</Value></Password>", V, "password"),
        (f'form-data; name="password"\r\n\r\n{V}\r\n--', V, "password"),
        (f"password for bob set to '{V}'", V, "password"),
        (f"The API key for staging is {V}.", V, "key"),
        (f"Password for the new vm: {V}", V, "password"),
        (f"setenv PASSWORD {V}", V, "password"),
        (f'set -gx GITHUB_TOKEN "{LONG}"', LONG, "token"),
        (f"setx TOKEN {LONG} /M", LONG, "token"),
        (f"set password ENC {V}", V, "password"),
        (f'password = "{V}" + "{V}"', f'{V}" + "{V}', "password"),
        (f'password = "{V}" +\n  "{V}" + x', f'{V}" +\n  "{V}', "password"),
        ("APP_PASSWORD=ered iblp hjxo knvk", "ered iblp hjxo knvk", "password"),
        ("password=L@nt3rn", "L@nt3rn", "password"),
        (f"Authorization: AWS4-HMAC-SHA256 Credential={V}", f"Credential={V}", "authorization"),
        (f'Authorization: Digest username="b", r={V}', "username=", "authorization"),
        ("{user: bob, password: SummerTime, port: 1}", "SummerTime", "password"),
        ("password: !Secret1", "!Secret1", "password"),
        ("--password -x9Q2", "-x9Q2", "password"),
        (f'key = f"{LONG}"', LONG, "key"),
        (f'"db::secret", "password": "{V}"', V, "password"),
        (f"f(password): {V}", V, "password"),
        (f'password = "{V}{{x"', f"{V}{{x", "password"),
        (f'"password: r"{V}"', V, "password"),
        (f'password:\n  \\"{V}\\"', V, "password"),
        (f'name="password"\n\n{V}', V, "password"),
        ("secret=ered iblp hjxo knvk", "ered", "secret"),
    ],
)
def test_where_a_value_begins_and_ends_and_what_it_is(text: str, value: str, kind: str) -> None:
    assert assigned(text) == [(value, kind)]


@pytest.mark.parametrize(
    "text",
    [
        *(f"xbasic {LONG}", f" xbasic {LONG}", "basic understanding"),
        *(f"token {LONG[:19]}", "password = letmein and more"),
        # types
        *("private_key: KeyFlexible | None", "signing_key: SigningKey,", "private_key: Ed25519PrivateKey"),
        *("password: Optional[str] = None", "cookie: http.Cookie[str] = x", "secret: Uint8Array"),
        *(
            "password: &str",
            "password: &'static str",
            "secret: Option<PrivateKey>",
            "password: PasswordField",
        ),
        # code
        *('password.encode("latin1")', "pwd.getpwnam('nobody')", "'Authorization': auth,"),
        *('def f(password):\n  """Makes one."""', 'def f(self) -> SigningKey:\n  """Makes one."""'),
        *("if password:\n  url += x", "if password:\n  user_name = x", "f(key: PrivateKey) -> bytes:"),
        *("if password == confirm_password:", "userid = passwd = acct = ''", 'key = f"id:{number}"'),
        *('"ServiceToken": service_token,', "signing_key=signer,", "key={self._key!r}, x"),
        *("key: {self.key_id}", "(?P<password>[a-z]{8})", ".btn-secret:hover", "bearer :class:`Credential`"),
        # words about them
        *(
            "password: !Ref DbSecret",
            "password: !vault |",
            "--password --recovery-key",
            '--password --key="x"',
        ),
        *('the "password:" prompt that you wait for"', "password by passing --otp=<code>"),
        *(
            "well (to pass tests/debian-test8.deb)",
            "Either pass client_interceptor=",
            "HOST_KEY = 'HTTP_HOST'",
        ),
        *('"AWS::IAM::AccessKey": "62d91b17309e76c8"', '::AccessKey": "62d91b17309e76c8"'),
        *('call_key = f"id:{call_id}" if call_id', "(?<password>[a-z]{8})"),
        *("PASSWORD_RESET_TIMEOUT = 86400"),
        *("password_hashers: bcrypt", 'api_key = "sk-..."', "token=ghp_xxxxxxxxxxxxxxxxxxxx"),
        *('"authorization": "Bind every ref to the caller, and to x_y"', "the password for this is stored"),
        *("path (Authorization: Bearer, RFC 9421)", "* `set password`: Change your password."),
        *('"Authorization": "Basic <user>:<password>"', '"HTTPPasswordMgr": "urllib2"'),
        f'id="password" content="{V}"',
        f"password\n\n{V}",
    ],
)
def test_what_stands_beside_them_and_is_none(text: str) -> None:
    assert assigned(text) == []


def test_how_many_pieces_are_joined() -> None:
    pieces = [f'"{V}{number}"' for number in range(10)]
    assert assigned("password = " + " + ".join(pieces)) == [(" + ".join(pieces[:9])[1:-1], "password")]


def test_values_under_a_name() -> None:
    def under(name: str, value: str) -> list[str]:
        return [value[hit.start : hit.end] for hit in SCANNER.scan_value(name, value)]

    assert under("password", "two words") == ["two words"]
    assert under("Authorization", f"Bearer {V}") == [V]
    assert under("Authorization", V) == [V]
    assert under("token", LONG) == [LONG]
    assert under("token", "bearer") == []
    assert under("note", V) == []
    assert under("password", "") == under("password", "[MASKED:password]") == []


# --- commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"curl -u bob:{V} https://example.com",
        f"curl --user 'bob:{V}' https://example.com",
        f'curl --user "bob":"{V}" https://example.com',
        f"curl -u {V}: https://example.com",
        f"zip -P {V} x.zip x",
        f"openssl enc -k {V} -in x",
        f"az login -u bob -p {V}",
        f"mysql -uroot -p{V} db",
        f"sshpass -p '{V}' ssh host",
        f"redis-cli -a {V} ping",
        f"smbclient //host/share -U bob%{V}",
        f"podman login -u bob -p {V} registry.example.com",
        f"helm registry login registry.example.com -p {V}",
        f"evil-winrm -i host -u bob -p {V}",
        f"mosquitto_pub -u bob -P {V} -t x",
        f"az keyvault secret set --vault-name v --value {V}",
        f"aws ssm put-parameter --type SecureString --value {V}",
        f'gh secret set X --body "{V}"',
    ],
)
def test_commands(text: str) -> None:
    assert any(V in each for each in found(text))


@pytest.mark.parametrize(
    "text",
    [
        f"ls -u bob:{V}",
        f"put --value {V}",
        "curl -u bob https://example.com",
        "curl -u a: x",
        "curl -u bob:$PASSWORD https://example.com",
        "curl -u bob:[MASKED:password] https://example.com",
        "mysql -p $PASSWORD db",
        "mysql -p -h db",
        "smbclient //host/share -U bob",
        f"curl x\0ls -u bob:{V}",
    ],
)
def test_other_commands(text: str) -> None:
    assert found(text) == []


# --- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"amqp://bob:{V}@host/", V),
        (f"redis://:{V}@host/", V),
        ("https://bob:password@host/", "password"),
        (f"https://{LONG}@host/", LONG),
        (f"jdbc:oracle:thin:scott/{V}@//host:1521/x", V),
        (f"a@b://c:{V}@d", V),
    ],
)
def test_addresses(text: str, secret: str) -> None:
    assert secret in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://bob@host/",
        "https://bob:${PASSWORD}@host/",
        "https://host:80/@x",
        "git@github.com:a/b.git",
        "@ :// @",
    ],
)
def test_other_addresses(text: str) -> None:
    assert found(text) == []


def test_the_rest_of_an_account_number_is_no_card() -> None:
    assert found("RS35 2600 0560 1001 6113 70") == []
    assert found("2600 0560 1001 6113") == ["2600 0560 1001 6113"]


def test_a_token_does_not_begin_inside_a_word() -> None:
    token = "7213808860:A" + "A1pY5hD0jFa7Q2xK9mB4tZ8wL3nR6vC1pY"
    assert found(f"see {token}") == found(f"https://api.telegram.org/bot{token}/getMe") == [token]
    assert found(f"see x{token}") == []


# --- manifests -------------------------------------------------------------------------------------


def test_every_value_of_a_secret_manifest() -> None:
    manifest = {"kind": "Secret", "data": {"a": "YQ==", "b": "Yg=="}, "metadata": {"name": "n"}}
    assert found(json.dumps(manifest)) == ["YQ==", "Yg=="]
    yaml = "kind: Secret\ndata:\n  a: YQ==\n  b: |\n    Yg==\n    Yw==\n  c: '{{ .x }}'\n---\nd: ZA==\n"
    assert found(yaml) == ["YQ==", "Yg==", "Yw=="]
    assert found("kind: Secret\ndata:\n  a: YQ==\n  not an entry\n") == ["YQ=="]
    assert found('kind: Secret\ndata:\n  b: |\n    Yg==\n  c: "YQ=="\n') == ["Yg==", "YQ=="]
    assert found('kind: Secret\ndata:\n  a: YQ==\n  b: ""\ntype: Opaque\n') == ["YQ=="]
    assert found("kind: Secret\ndata:\n\n  a: YQ==\n") == []
    assert found("kind: Secret\ndata:") == []


def test_other_manifests_are_left_alone() -> None:
    assert found("kind: ConfigMap\ndata:\n  secret_note: YQ==\n") == []


# --- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dashes", ["-----", "---- "])
def test_private_keys(dashes: str) -> None:
    begin, end = f"{dashes}BEGIN PRIVATE KEY{dashes[::-1]}", f"{dashes}END PRIVATE KEY{dashes[::-1]}"
    body = "MIIEvQ" + "IBADAN"
    assert found(f"a {begin}\n{body}\n{end} b") == [f"{begin}\n{body}\n{end}"]
    assert found(f"a {begin}\n{body}") == [f"{begin}\n{body}"]
    assert found(f"{begin}\n{body}\0{body}\n{end}") == [f"{begin}\n{body}"]
    assert found(f"{begin}{body} no end: words!")[0].startswith(begin)


def test_public_keys_are_left_alone() -> None:
    assert found("-----BEGIN PUBLIC KEY-----\nMIIEvQ\n-----END PUBLIC KEY-----") == []


# --- leaves ----------------------------------------------------------------------------------------


def test_a_hit_across_leaves_is_cut() -> None:
    row = Detector(
        id="x",
        kind="x",
        pattern="a[^b]{1,8}b",
        example="a-b",
        counter_example="ab",
        source="-",
        needles=("a",),
    )
    text = "a1\0\0" + "2b"
    assert [text[hit.start : hit.end] for hit in TextScanner(detectors=[row]).scan(text)] == ["a1", "2b"]


def test_entropy_is_for_runs_that_nothing_else_explains() -> None:
    strict = TextScanner(entropy=True)
    assert [hit.kind for hit in strict.scan(f"see {LONG} there")] == ["high_entropy"]
    assert strict.scan("see vulnerable_version_range_there") == []
    assert found(f"see {LONG} there") == []


@pytest.mark.parametrize(
    "text",
    [
        'authorization = request.headers.get("Authorization")',
        'headers["Authorization"] = _basic_auth_str(username, password)',
        "headers['Proxy-Authorization'] = self.build_digest_header(",
        '"authorization": "Verify the authority of the caller, and of the account, before applying."',
        'GRANT_AUTHORIZATION_TYP = "grant+jws"',
        "Load a dynamic library identified by 'name'.",
        "the key identified by ``key_id``, then",
        "connect(api_key=resolved_key, secret=client_secret)",
        "secret: bytes,",
        'password: Annotated[str, Doc("The password.")]',
        "twisted.util.getPassword = getPassword",
        'userpass = username + b":" + rest',
        'passwd = get_user_password("Please enter your password:")',
        'again = self._get_pass("Password (again): ")',
        "def save(tag=None, passphrase=None):",
        "token = self.peek_token()",
        "self.key = _legacy_cmpkey(self._version)",
        "def sign(self, secret=None, *, key=None) -> bytes: ...",
        'headers["Authorization"] = f"Bearer {tokens.access_token}"',
        "headers['Authorization'] = `Basic ${btoa(user)}`;",
        "unix://[user@]/path/to/socket.sock?db=0[&password=password]",
        "- passwd:/etc/passwd",
        '"cookies": "Unique browser cookies.",',
    ],
)
def test_code_and_prose_about_secrets_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: {}",
        '"authorization": "{}"',
        "CREATE USER bob IDENTIFIED BY '{}'",
        "alter user bob identified by {};",
        "connect(api_key={}, secret=1)",
        'self.set_password("{}")',
        "userpass = {} + 1",
        "def save(tag=None, passphrase={}):",
        'headers["Authorization"] = f"Bearer {}"',
        "unix:///path/to/socket.sock?db=0[&password={}]",
        "- passwd:{}",
        '"cookies": "session={}",',
    ],
)
def test_a_secret_in_the_same_place_does_not(text: str) -> None:
    (masked,) = found(text.format(V))
    assert masked.endswith(V)


WEAK = "winter"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"user bob IDENTIFIED BY '{WEAK}'", True),
        (f"user bob identified by '{WEAK}'", False),
        (f"create user bob identified by '{WEAK}'", True),
        (f"create{' ' * 250}identified by '{WEAK}'", True),
        (f"create{' ' * 251}identified by '{WEAK}'", False),
        (f" create{' ' * 251}identified by '{WEAK}'", False),
        (f"identified by '{WEAK}', create user bob", False),
    ],
)
def test_a_plain_word_is_a_password_where_a_statement_sets_one(text: str, masked: bool) -> None:  # noqa: FBT001
    assert found(text) == ([WEAK] if masked else [])


def test_a_plain_word_is_an_argument_only_by_its_underscore() -> None:
    assert found("f(password=hunter, x)") == ["hunter"]
    assert found("f(password=user_password, x)") == []
