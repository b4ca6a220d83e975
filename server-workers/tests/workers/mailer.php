<?php

/**
 * A worker as one finds them in the field: it was written for RoadRunner, and answers as it likes.
 *
 * A client that connects gets two answers, one that leaves none, one of an unknown server none, and
 * a failure two again. It knows its clients by their bare IP address. So a server has to use
 * `answers: barrier` and `remote_addr: ip` to get along with it.
 */

final class Answer
{
    public const READ = 'CONTINUE';
    public const RESPOND = 'WRITE';
    public const RESPOND_CLOSE = 'WRITECLOSE';
    public const CLOSE = 'CLOSE';
}

final class Request
{
    public function __construct(
        public string $remoteAddress,
        public string $server,
        public string $uuid,
        public string $event,
        public string $body,
    ) {
    }
}

/** What PHP's own packages do with a relay of pipes, with all that a server has to know about it. */
final class Worker
{
    private const CONTROL = 0x01;
    private const ERROR = 0x40;

    public function __construct()
    {
        // From here on what is echoed goes to the log; anything before would break the handshake.
        ob_start(static function (string $chunk): string {
            fwrite(STDERR, $chunk);
            return '';
        }, 1);
    }

    /** The next event; null when the server says stop, which is answered all the same. */
    public function wait(): ?Request
    {
        while (true) {
            [$flags, $context, $body] = $this->readFrame();
            if (($flags & self::CONTROL) === 0) {
                return $this->request(json_decode($context, true, 512, JSON_THROW_ON_ERROR), $body);
            }
            if (!empty(json_decode($body, true)['stop'])) {
                $this->close();
                return null;
            }
            $this->send(self::CONTROL, json_encode(['pid' => getmypid()]), []);
        }
    }

    public function respond(string $body, string $answer = Answer::RESPOND): void
    {
        $this->send(0, $answer . $body, [strlen($answer)]);
    }

    public function read(): void
    {
        $this->respond('', Answer::READ);
    }

    public function close(): void
    {
        $this->respond('', Answer::CLOSE);
    }

    public function error(string $text): void
    {
        $this->send(self::ERROR, $text, []);
    }

    private function request(array $event, string $body): Request
    {
        return new Request(
            $event['remote_addr'],
            $event['server'],
            $event['uuid'],
            $event['event'],
            $body,
        );
    }

    /** @return array{int, string, string} Its flags, its context and its body. */
    private function readFrame(): array
    {
        $header = fread(STDIN, 12);
        if (strlen((string) $header) !== 12) {
            // Whoever writes a header in two pieces learns it here.
            throw new RuntimeException('Incorrect header size');
        }
        // The checksum is not looked at.
        ['first' => $first, 'flags' => $flags, 'length' => $length] =
            unpack('Cfirst/Cflags/Vlength', $header);
        $options = 4 * (($first & 0x0F) - 3);
        $rest = '';
        while (($missing = $options + $length - strlen($rest)) > 0) {
            $rest .= fread(STDIN, $missing); // and at the end of the stream it spins
        }
        $context = $options === 0 ? 0 : unpack('V', $rest)[1];
        return [$flags, substr($rest, $options, $context), substr($rest, $options + $context)];
    }

    private function send(int $flags, string $payload, array $options): void
    {
        $header = pack('CCV', 0x13 + count($options), $flags, strlen($payload));
        fwrite(STDOUT, $header . pack('Vx2V*', crc32($header), ...$options) . $payload);
    }
}

$worker = new Worker();

while ($request = $worker->wait()) {
    try {
        if ($request->event === 'CONNECTED') {
            if ($request->remoteAddress !== '127.0.0.1') {
                $worker->close();
                continue;
            }
            echo "{$request->server} has a client\n";
            $worker->read();
            $worker->respond("220 mailer \r\n");
        } elseif ($request->event === 'DATA') {
            if ($request->body === "throw\r\n") {
                throw new RuntimeException('a client has asked for a failure');
            }
            if ($request->server === 'tcp_access_point_1') {
                $worker->respond('Access denied', Answer::RESPOND_CLOSE);
            } elseif ($request->server === 'server2') {
                $worker->respond(json_encode([
                    'remote_addr' => $request->remoteAddress,
                    'server' => $request->server,
                    'uuid' => $request->uuid,
                    'body' => $request->body,
                    'event' => $request->event,
                ]));
            }
        }
    } catch (Throwable $error) {
        $worker->respond("Something went wrong\r\n", Answer::RESPOND_CLOSE);
        $worker->error((string) $error);
    }
}
