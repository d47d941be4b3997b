//! Jobs on paused time: periods, nudges, failures, panics, a polite stop.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn jobs() -> Jobs {
    Jobs::new(Clock::system())
}

/// A counter and a job body that counts.
fn counter() -> (Arc<AtomicU64>, impl Fn() -> std::future::Ready<Result<()>> + Send + Sync) {
    let count = Arc::new(AtomicU64::new(0));
    let inside = count.clone();
    let body = move || {
        inside.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(()))
    };
    (count, body)
}

async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[tokio::test(start_paused = true)]
async fn runs_on_its_period_and_not_before() {
    let jobs = jobs();
    let (count, body) = counter();
    jobs.start("count", When::every(Duration::from_secs(60)), body);
    pass(Duration::from_secs(59)).await;
    assert_eq!(count.load(Ordering::SeqCst), 0);
    pass(Duration::from_secs(122)).await;
    assert_eq!(count.load(Ordering::SeqCst), 3);
    assert_eq!(jobs.report()[0].runs, 3);
}

#[tokio::test(start_paused = true)]
async fn many_nudges_become_one_run() {
    let jobs = jobs();
    let nudge = Nudge::new();
    let (count, body) = counter();
    for _ in 0..5 {
        nudge.send();
    }
    jobs.start("count", When::nudged(&nudge), body);
    pass(Duration::from_secs(3600)).await;
    assert_eq!(count.load(Ordering::SeqCst), 1);
    nudge.send();
    pass(Duration::from_secs(1)).await;
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_a_panic_are_seen_and_the_job_goes_on() {
    let jobs = jobs();
    let (count, body) = counter();
    let when = When::every(Duration::from_secs(10)).and_at_start();
    jobs.start("shaky", when, move || {
        let before = count.load(Ordering::SeqCst);
        let counted = body();
        async move {
            counted.await?;
            match before {
                0 => Err(anyhow::anyhow!("no luck").into()),
                1 => panic!("boom"),
                _ => Ok(()),
            }
        }
    });
    pass(Duration::from_secs(25)).await;
    let status = jobs.report().remove(0);
    let outcomes: Vec<Outcome> = status.last.iter().map(|run| run.outcome.clone()).collect();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Panicked("boom".into()), Outcome::Failed("no luck".into())]);
    assert_eq!((status.runs, status.failures, status.running), (3, 2, false));
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_the_run_and_starts_no_other() {
    let jobs = jobs();
    let (count, body) = counter();
    let nudge = Nudge::new();
    let body = Arc::new(body);
    jobs.start("slow", When::nudged(&nudge).and_at_start(), move || {
        let body = body.clone();
        async move {
            pass(Duration::from_secs(5)).await;
            body().await
        }
    });
    pass(Duration::from_secs(1)).await;
    assert!(jobs.report()[0].running);
    nudge.send();
    assert!(jobs.stop(Duration::from_secs(30)).await);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn stopping_does_not_wait_for_ever() {
    let jobs = jobs();
    jobs.start("stuck", When::every(Duration::from_secs(1)).and_at_start(), std::future::pending);
    pass(Duration::from_secs(1)).await;
    assert!(!jobs.stop(Duration::from_secs(10)).await);
}

#[tokio::test(start_paused = true)]
async fn the_history_is_bounded() {
    let jobs = jobs();
    let (count, body) = counter();
    jobs.start("count", When::every(Duration::from_secs(1)), body);
    pass(Duration::from_millis(100_500)).await;
    assert_eq!(count.load(Ordering::SeqCst), 100);
    assert_eq!(jobs.report()[0].last.len(), 20);
}
