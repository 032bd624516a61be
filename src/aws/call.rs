//! One call to AWS: a permit while it is in flight, retries by code and by context, and errors that
//! say what happened.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use backon::BackoffBuilder;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::Instrument;

use crate::engine::{Event, Interrupt, Reporter};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::Operation;
use crate::stack::Address;
use crate::telemetry;

use super::throttle::Throttle;
use super::{Aws, Progress};

/// How often and how long calls are tried.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    /// Calls in flight at once.
    pub(crate) permits: Arc<Semaphore>,
    /// Held back together when AWS asks to slow down.
    pub(crate) throttle: Arc<Throttle>,
    /// How long one operation may take, waits and retries included.
    pub(crate) deadline: Duration,
    /// Ends operations before they are done.
    pub(crate) interrupt: Interrupt,
}

/// What a call needs besides its request.
pub(crate) struct Cx<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) pace: &'a Pace,
    pub(crate) reporter: &'a Arc<dyn Reporter>,
    pub(crate) stack: &'a str,
    /// The resource that the call is for; none while observing.
    pub(crate) address: Option<&'a Address>,
    /// When the operation must be done.
    pub(crate) deadline: Instant,
    /// Whether the run has just made something that the calls of the step name.
    pub(crate) fresh: bool,
}

/// The same without borrows: for a read that others share, and that goes on without the one who began
/// it.
pub(crate) struct Detached {
    aws: Aws,
    pace: Pace,
    reporter: Arc<dyn Reporter>,
}

impl Detached {
    pub(crate) fn cx(&self) -> Cx<'_> {
        Cx::new(&self.aws, &self.pace, &self.reporter, "")
    }
}

/// A refusal that means "not yet" in the context of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotYet {
    code: &'static str,
    /// A part of the message, where the code alone does not tell.
    part: &'static str,
    /// How long that may be the case; the deadline of the operation if shorter.
    at_most: Duration,
}

impl NotYet {
    /// Until the deadline of the operation.
    pub(crate) const fn code(code: &'static str) -> Self {
        Self { code, part: "", at_most: Duration::MAX }
    }

    /// Only where the message contains this.
    pub(crate) const fn saying(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// No longer than this.
    pub(crate) const fn for_minutes(self, minutes: u64) -> Self {
        Self { at_most: Duration::from_secs(60 * minutes), ..self }
    }
}

/// How long what was just made may be unknown to calls that name it: services tell each other with a
/// delay (EC2 developer guide, "Eventual consistency"; R9, R15, R17, R20, R32, R37).
const UNKNOWN_AT_MOST: Duration = Duration::from_secs(2 * 60);

/// How long a look at why something was refused may take beyond the deadline.
const EXPLAINS_WITHIN: Duration = Duration::from_secs(10);

/// What is missing where AWS does not show something.
pub(crate) const UNSEEN: &str = "AWS does not show it";

/// How many times a call without an answer is sent before that counts as the answer.
const TRIES_WITHOUT_ANSWER: u32 = 5;

impl<'a> Cx<'a> {
    pub(crate) fn new(aws: &'a Aws, pace: &'a Pace, reporter: &'a Arc<dyn Reporter>, stack: &'a str) -> Self {
        Self { aws, pace, reporter, stack, address: None, deadline: Instant::now() + pace.deadline, fresh: false }
    }

    /// The same for one resource.
    pub(crate) fn at<'b>(&'b self, address: &'b Address) -> Cx<'b> {
        Cx { address: Some(address), ..*self }
    }

    /// Sleeps, but not beyond the deadline, nor once the operation is interrupted.
    pub(crate) async fn pause(&self, pause: Duration) -> Result<()> {
        let until = (Instant::now() + pause).min(self.deadline);
        tokio::select! {
            biased;
            () = self.pace.interrupt.raised() => Err(Interrupt::error("what was waited for has not come about yet")),
            () = tokio::time::sleep_until(until) => Ok(()),
        }
    }

    /// Pauses between two looks at something that has been on its way for a while, for this share of
    /// the time that has passed.
    pub(crate) async fn between_looks(&self, elapsed: Duration, share: f64) -> Result<()> {
        self.pause(between_looks(elapsed, share, self.address)).await
    }

    /// The same for a step that names what the run has just made.
    pub(crate) fn after_making(self, fresh: bool) -> Self {
        Self { fresh, ..self }
    }

    /// The same for looking at why something was refused: that is worth a moment more, where the
    /// operation had no time left.
    pub(crate) fn to_explain(&self) -> Cx<'_> {
        Cx { deadline: self.deadline.max(Instant::now() + EXPLAINS_WITHIN), ..*self }
    }

    /// Tells those who watch, and those who log.
    pub(crate) fn report(&self, event: &Event) {
        telemetry::record(event);
        self.reporter.report(event);
    }

    /// Tells those who watch of something that is no failure and should be looked at.
    pub(crate) fn warn(&self, text: String) {
        if let Some(address) = self.address {
            self.report(&Event::Warning { address: address.clone(), text });
        }
    }

    /// The same for no stack in particular, and without borrows.
    pub(crate) fn detached(&self) -> Detached {
        // Clients of its own: the shared reads would hold one that is never made, and that would hold them.
        let Aws { ec2, elbv2, autoscaling, .. } = self.aws.clone();
        let aws = Aws::from_clients(ec2, elbv2, autoscaling);
        Detached { aws, pace: self.pace.clone(), reporter: Arc::clone(self.reporter) }
    }

    /// Sends a request that reads.
    pub(crate) async fn read<T, E, F>(&self, name: &'static str, send: impl Fn() -> F + Send) -> Result<T>
    where
        T: RequestId,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.send(name, true, &[], send).await
    }

    /// Sends a request that changes something.
    pub(crate) async fn write<T, E, F>(&self, operation: Operation, send: impl Fn() -> F + Send) -> Result<T>
    where
        T: RequestId,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.send(operation.name(), false, &[], send).await
    }

    /// Sends a request that changes something, and takes some refusals for "not yet".
    pub(crate) async fn write_when<T, E, F>(
        &self,
        operation: Operation,
        not_yet: &[NotYet],
        send: impl Fn() -> F + Send,
    ) -> Result<T>
    where
        T: RequestId,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.send(operation.name(), false, not_yet, send).await
    }

    /// Looks again and again, ever less often, until a change that has been ordered has come about.
    pub(crate) async fn until<F>(&self, what: &str, look: impl Fn() -> F + Send) -> Result<()>
    where
        F: Future<Output = Result<Progress>> + Send,
    {
        let began = Instant::now();
        let mut last = None;
        loop {
            let missing = match missed(look().await, last)? {
                Progress::Done => return Ok(()),
                Progress::Failed(error) => return Err(error),
                Progress::Waiting(missing) => missing,
                Progress::Unseen => UNSEEN.to_owned(),
            };
            let elapsed = began.elapsed();
            if Instant::now() >= self.deadline {
                let text = format!("waited {} s until {what}, in vain: {missing}", elapsed.as_secs());
                return Err(Error::new(ErrorKind::Deadline, text).with_hint(
                    "what was ordered stays ordered; run again, with a longer deadline if it is on its way",
                ));
            }
            if let Some(address) = self.address {
                self.report(&Event::Waiting { address: address.clone(), what: missing.clone(), elapsed });
            }
            last = Some(missing);
            self.between_looks(elapsed, 0.1).await?;
        }
    }

    async fn send<T, E, F>(
        &self,
        name: &'static str,
        reads: bool,
        not_yet: &[NotYet],
        send: impl Fn() -> F + Send,
    ) -> Result<T>
    where
        T: RequestId,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut delays = backon::ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(15))
            .with_factor(2.0)
            .with_jitter()
            .without_max_times()
            .build();
        let began = Instant::now();
        let mut last = None;
        let mut attempt = 1;
        loop {
            let answer = tokio::time::timeout_at(self.deadline, self.try_once(name, attempt, reads, &send)).await;
            let (refusal, sent) = match answer {
                Ok(Ok(Ok(output))) => {
                    self.pace.throttle.answered(name);
                    return Ok(output);
                }
                Ok(Ok(Err(refusal))) => refusal,
                Ok(Err(error)) => return Err(error),
                // What was refused until now says more than that the time is over.
                Err(_) => {
                    return Err(last.unwrap_or_else(|| {
                        Error::new(ErrorKind::Deadline, format!("{name} was not answered in time"))
                            .with_hint("it may have happened; run again, with a longer deadline")
                    }));
                }
            };
            let reason = reason(&refusal);
            if reason == Reason::SlowDown {
                self.pace.throttle.refused(name, sent);
            }
            let again = match reason {
                Reason::SlowDown | Reason::Contention => true,
                Reason::NoAnswer => attempt < TRIES_WITHOUT_ANSWER,
                Reason::NotSent => false,
                Reason::Refused => {
                    let elapsed = began.elapsed();
                    is_not_yet(&refusal, not_yet, elapsed)
                        || (!reads && self.fresh && elapsed < UNKNOWN_AT_MOST && is_unknown(&refusal))
                }
            };
            let mut delay = delays.next().unwrap_or(Duration::from_secs(15));
            if reason == Reason::SlowDown {
                // Its turn comes when that of all the others allows it.
                delay = delay.min(Duration::from_secs(1));
            }
            let error = describe(name, refusal, reason);
            let again = again && Instant::now() + delay <= self.deadline;
            if again && self.pace.interrupt.is_raised() {
                return Err(Interrupt::error(&format!("it is not tried again: {error}")));
            }
            let error = self.address.map_or(error.clone(), |address| error.at(address));
            if !again {
                return Err(error);
            }
            self.report(&Event::Retrying {
                address: self.address.cloned(),
                operation: name,
                code: error.code().map(ToOwned::to_owned),
                attempt,
                delay,
            });
            self.pause(delay).await?;
            last = Some(error);
            attempt += 1;
        }
    }

    /// Sends a request once, as soon as there is room for it. Returns the answer, or AWS's refusal and
    /// when the refused request was sent.
    async fn try_once<T, E, F>(
        &self,
        name: &'static str,
        attempt: u32,
        reads: bool,
        send: &(impl Fn() -> F + Send),
    ) -> Result<Result<T, (SdkError<E, HttpResponse>, Instant)>>
    where
        T: RequestId,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata,
    {
        let room = async {
            self.pace.throttle.turn(name).await;
            self.pace.permits.acquire().await.map_err(|_| Error::internal("the limit on calls was closed"))
        };
        let interrupted = async {
            // Looking changes nothing, and may be what a change under way ends with.
            if reads { std::future::pending().await } else { self.pace.interrupt.raised().await }
        };
        // The permit is held while the call is in flight, and never while waiting.
        let _permit = tokio::select! {
            biased;
            () = interrupted => return Err(Interrupt::error(&format!("{name} was not sent"))),
            permit = room => permit?,
        };
        let sent = Instant::now();
        let span = telemetry::call(name, attempt, self.address);
        let answer = Box::pin(send()).instrument(span.clone()).await;
        match &answer {
            Ok(output) => telemetry::answered(&span, output.request_id(), sent.elapsed()),
            Err(refusal) => {
                let meta = refusal.as_service_error().map(ProvideErrorMetadata::meta);
                telemetry::refused(&span, meta.and_then(request_id), meta.and_then(|meta| meta.code()), sent.elapsed());
            }
        }
        Ok(answer.map_err(|refusal| (refusal, sent)))
    }
}

/// Why a call was not answered as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    SlowDown,
    /// Another change of the same thing is under way.
    Contention,
    /// Nothing came back, or AWS failed by itself: it may or may not have happened.
    NoAnswer,
    /// There is nothing to send or nowhere to send it to: no credentials, no region.
    NotSent,
    Refused,
}

/// The throttling codes of the three services (aws-runtime's classifier, and the EC2 API error
/// codes).
const SLOW_DOWN: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "SlowDown",
];

/// Codes for a change that is under way (R49, R51, R53, and the error lists of Auto Scaling).
const CONTENTION: &[&str] = &["ResourceContention", "PriorRequestNotComplete", "ScalingActivityInProgress"];

fn reason<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Reason {
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            if SLOW_DOWN.contains(&code) {
                Reason::SlowDown
            } else if CONTENTION.contains(&code) {
                Reason::Contention
            } else if service.raw().status().as_u16() >= 500
                || matches!(code, "RequestTimeout" | "RequestTimeoutException")
            {
                Reason::NoAnswer
            } else {
                Reason::Refused
            }
        }
        // What the SDK takes for a failure of the network it says so of; the rest is not worth
        // another try.
        SdkError::DispatchFailure(failure)
            if failure.is_user() || (failure.is_other() && failure.as_other().is_none()) =>
        {
            Reason::NotSent
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Reason::NoAnswer,
        // A construction failure; the SDK may get further variants.
        _ => Reason::NotSent,
    }
}

fn is_not_yet<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    not_yet: &[NotYet],
    elapsed: Duration,
) -> bool {
    let Some(service) = error.as_service_error() else { return false };
    let (code, message) = (service.code().unwrap_or_default(), service.message().unwrap_or_default());
    not_yet.iter().any(|known| code == known.code && message.contains(known.part) && elapsed < known.at_most)
}

/// Whether AWS says that something that the call names does not exist.
fn is_unknown<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
    let (code, message) = metadata.map_or((None, None), |meta| (meta.code(), meta.message()));
    kind_of(code.unwrap_or_default(), message.unwrap_or_default()) == ErrorKind::NotFound
}

fn request_id(meta: &ErrorMetadata) -> Option<&str> {
    meta.extra("aws_request_id")
}

fn describe<E>(name: &'static str, error: SdkError<E, HttpResponse>, reason: Reason) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
    let code = metadata.and_then(|meta| meta.code()).map(ToOwned::to_owned);
    let request_id = metadata.and_then(request_id).map(ToOwned::to_owned);
    let message = metadata.and_then(|meta| meta.message()).map(ToOwned::to_owned);
    let kind = match reason {
        Reason::SlowDown => ErrorKind::Throttled,
        Reason::Contention | Reason::NoAnswer | Reason::NotSent => ErrorKind::Service,
        Reason::Refused => kind_of(code.as_deref().unwrap_or_default(), message.as_deref().unwrap_or_default()),
    };
    let text = match (&code, message) {
        (Some(code), Some(message)) => format!("{name} was refused: {message} [{code}]"),
        (Some(code), None) => format!("{name} was refused [{code}]"),
        (None, _) if reason == Reason::NotSent => format!("{name} could not be sent"),
        (None, _) => format!("{name} was not answered"),
    };
    let hint = match kind {
        ErrorKind::PermissionDenied => Some(format!("allow the action {name} to these credentials, or use others")),
        ErrorKind::Throttled => Some("run again later; what was done stays done".to_owned()),
        _ if reason == Reason::NoAnswer => {
            Some("check the network and the endpoint, then run again; what was done stays done".to_owned())
        }
        _ if reason == Reason::NotSent => Some(
            "give credentials and a region, by the environment or by a profile; the causes say what is missing"
                .to_owned(),
        ),
        _ => None,
    };
    let error = Error::new(kind, text).refused_by(name, code, request_id, Arc::new(error));
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// How the absence of something is said where the code does not tell: `does not exist`, `doesn't exist`,
/// `Could not find the specified version`, `not part of the group`.
const ABSENT: &[&str] = &["does not exist", "doesn't exist", "Could not find", "not part of"];

/// The sort of a refusal, by its code; Auto Scaling says most things as a `ValidationError` with a
/// text.
fn kind_of(code: &str, message: &str) -> ErrorKind {
    match code {
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "OptInRequired"
        | "SignatureDoesNotMatch" => ErrorKind::PermissionDenied,
        "DependencyViolation" | "ResourceInUse" | "InvalidGroup.InUse" => ErrorKind::InUse,
        // Both a lack of room at AWS and a quota of the account: `TooManyTargets`, `LimitExceeded`,
        // `VcpuLimitExceeded`, `TargetGroupAssociationLimit`, `InsufficientInstanceCapacity`.
        _ if code.starts_with("Insufficient")
            || code.starts_with("TooMany")
            || code.ends_with("LimitExceeded")
            || code.ends_with("Limit")
            || code.ends_with("CountExceeded") =>
        {
            ErrorKind::Capacity
        }
        _ if code.starts_with("Duplicate")
            || code.ends_with(".Duplicate")
            || code.ends_with("AlreadyExistsException")
            || code == "AlreadyExists"
            || code == "PriorityInUse" =>
        {
            ErrorKind::Conflict
        }
        _ if code.ends_with("NotFound") || code.ends_with("NotFoundException") || message.contains("not found") => {
            ErrorKind::NotFound
        }
        // A group of a balancer's that EC2 does not know, and all that Auto Scaling says under one code: of
        // what a group names, and of what is to go (R46, R51, R52, R54 to R58).
        "InvalidSecurityGroup" | "ValidationError" if ABSENT.iter().any(|part| message.contains(part)) => {
            ErrorKind::NotFound
        }
        "ValidationError" if message.starts_with("No ") && message.contains(" found") => ErrorKind::NotFound,
        _ => ErrorKind::Service,
    }
}

/// How long to pause between two looks at something that has been on its way for a while: ever longer,
/// so that little is lost when it is over, and not in step with everybody else who waits.
fn between_looks(elapsed: Duration, share: f64, address: Option<&Address>) -> Duration {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let longest = elapsed.mul_f64(share).clamp(Duration::from_secs(1), Duration::from_secs(15));
    let mut hasher = DefaultHasher::new();
    (address.map(Address::as_str), elapsed).hash(&mut hasher);
    let jitter = f64::from(u8::try_from(hasher.finish() % 256).unwrap_or(0)) / 255.0;
    longest.mul_f64(1.0 - 0.2 * jitter)
}

/// What a look found. If the deadline came during the look, that is what was missing at the last one.
pub(crate) fn missed(looked: Result<Progress>, last: Option<String>) -> Result<Progress> {
    match (looked, last) {
        (Err(error), Some(missing)) if error.is_deadline() => Ok(Progress::Waiting(missing)),
        (looked, _) => looked,
    }
}

/// Reads page after page: `read` is given the token of a page, and answers with what the page holds
/// and the token of the next.
pub(crate) async fn pages<T, F>(read: impl Fn(Option<String>) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<(Vec<T>, Option<String>)>>,
{
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let (items, next) = read(token).await?;
        all.extend(items);
        token = next.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// The same where asking for what is gone, or was never there, is refused.
pub(crate) async fn pages_or_none<T, F>(read: impl Fn(Option<String>) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<(Vec<T>, Option<String>)>>,
{
    match pages(read).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        other => other,
    }
}

/// Takes "it is gone already" for success.
pub(crate) fn gone_is_fine<T>(result: Result<T>) -> Result<()> {
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::operation::describe_vpcs::DescribeVpcsError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::retry::ErrorKind as Retry;

    use super::*;

    /// R29: no page is left out.
    #[tokio::test]
    async fn every_page_is_read() {
        let read = |token: Option<String>| async move {
            let page: u32 = token.map_or(0, |token| token.parse().expect("a number"));
            let next = match page {
                0..=3 => Some((page + 1).to_string()),
                4 => Some(String::new()),
                _ => panic!("an empty token is the end"),
            };
            Ok((vec![page * 2, page * 2 + 1], next))
        };
        assert_eq!(pages(read).await.expect("pages"), (0..10).collect::<Vec<_>>());
    }

    /// R59: looks are no closer than 0.8 s.
    #[test]
    fn pauses_grow_and_are_not_in_step() {
        let addresses: Vec<_> = (0..20).map(|number| Address::new("SecurityGroup", &number.to_string())).collect();
        let at = |seconds| -> Vec<_> {
            addresses.iter().map(|address| between_looks(Duration::from_secs(seconds), 0.1, Some(address))).collect()
        };
        for (seconds, longest) in [(0, 1000), (30, 3000), (600, 15_000)] {
            let pauses = at(seconds);
            let (least, most) = (pauses.iter().min().expect("20"), pauses.iter().max().expect("20"));
            assert!(least.as_millis() >= longest * 8 / 10 && most.as_millis() <= longest, "{pauses:?}");
            assert!(*most - *least > Duration::from_millis(100), "{pauses:?}");
            assert_eq!(pauses, at(seconds), "the same every time");
        }
    }

    #[test]
    fn refusals_are_sorted_by_code_and_where_it_does_not_tell_by_message() {
        for (code, message, expected) in [
            ("TooManyTargetGroups", "", ErrorKind::Capacity),
            ("LimitExceeded", "", ErrorKind::Capacity),
            ("VcpuLimitExceeded", "", ErrorKind::Capacity),
            ("RulesPerSecurityGroupLimitExceeded", "", ErrorKind::Capacity),
            ("TargetGroupAssociationLimit", "", ErrorKind::Capacity),
            ("MaxSpotInstanceCountExceeded", "", ErrorKind::Capacity),
            ("InsufficientInstanceCapacity", "", ErrorKind::Capacity),
            ("InvalidGroup.NotFound", "", ErrorKind::NotFound),
            ("InvalidLaunchTemplateId.VersionNotFound", "", ErrorKind::NotFound),
            ("InvalidLaunchTemplateName.NotFoundException", "", ErrorKind::NotFound),
            ("ValidationError", "AutoScalingGroup name not found - no such group: web", ErrorKind::NotFound),
            ("ValidationError", "The security group 'sg-1' does not exist", ErrorKind::NotFound),
            ("ValidationError", "No Lifecycle Hook found with name: bye", ErrorKind::NotFound),
            ("ValidationError", "Notification configuration for topic arn:a doesn't exist.", ErrorKind::NotFound),
            ("ValidationError", "Trying to remove Target Groups that are not part of the group", ErrorKind::NotFound),
            ("ValidationError", "No default VPC for this user.", ErrorKind::Service),
            ("InvalidSecurityGroup", "The security group 'sg-1' does not exist", ErrorKind::NotFound),
            ("InvalidSecurityGroup", "The security group 'sg-1' is not in the VPC 'vpc-1'", ErrorKind::Service),
            ("ValidationError", "1 validation error detected", ErrorKind::Service),
            ("PriorityInUse", "", ErrorKind::Conflict),
            ("InvalidPermission.Duplicate", "", ErrorKind::Conflict),
            ("DuplicateLoadBalancerName", "", ErrorKind::Conflict),
            ("ResourceInUse", "", ErrorKind::InUse),
            ("AccessDenied", "not found", ErrorKind::PermissionDenied),
        ] {
            assert_eq!(kind_of(code, message), expected, "{code} {message}");
        }
    }

    #[test]
    fn only_failures_of_the_network_are_worth_another_try() {
        for (failure, expected) in [
            (ConnectorError::io("connection refused".into()), Reason::NoAnswer),
            (ConnectorError::timeout("too late".into()), Reason::NoAnswer),
            (ConnectorError::other("cut off".into(), Some(Retry::TransientError)), Reason::NoAnswer),
            (ConnectorError::other("no credentials in the chain".into(), None), Reason::NotSent),
            (ConnectorError::user("not an HTTP request".into()), Reason::NotSent),
        ] {
            let error = SdkError::<DescribeVpcsError, HttpResponse>::dispatch_failure(failure);
            assert_eq!(reason(&error), expected, "{error:?}");
        }
        let error = SdkError::<DescribeVpcsError, HttpResponse>::construction_failure("no such endpoint");
        assert_eq!(reason(&error), Reason::NotSent);
    }
}
