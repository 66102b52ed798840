// Opens Toss' payment window in this tab, with the parameters of the checkout; it leads back to /pay/.

const button = document.getElementById('pay');
const trouble = document.getElementById('trouble');

async function open({ flow, clientKey, customerKey, successUrl, failUrl, orderId, orderName, amount, currency }) {
  const payment = globalThis.TossPayments(clientKey).payment({ customerKey });
  const there = { method: 'CARD', successUrl, failUrl, windowTarget: 'self' };
  if (flow === 'billing') await payment.requestBillingAuth(there);
  else await payment.requestPayment({ ...there, orderId, orderName, amount: { currency, value: Number(amount) } });
}

button.addEventListener('click', async () => {
  button.disabled = true;
  trouble.hidden = true;
  try {
    await open(JSON.parse(button.dataset.parameters));
  } catch {
    trouble.hidden = false; // it was closed, or its script did not come: the order can still be paid
  } finally {
    button.disabled = false;
  }
});
button.disabled = false; // a press before this would do nothing
